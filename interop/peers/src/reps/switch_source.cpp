#include "source.h"
#include "rep_switch_source.h"

class SwitchImpl : public SwitchSimpleSource, public peer::Setters
{
public:
    explicit SwitchImpl(QObject *parent) : SwitchSimpleSource(parent) { setter("on", this, &SwitchImpl::setOn); }
    void request(bool on) override
    {
        setOn(on);
        emit turned(on);
    }
};

static peer::Host switchObjects([](QList<peer::Hosted> &all, QObject *parent) { all << peer::hosted<SwitchSourceAPI>("Switch", new SwitchImpl(parent)); });
