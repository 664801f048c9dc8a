#include "source.h"
#include "rep_mixed_source.h"
#include "mixed_types.h"

class BellImpl : public BellSimpleSource
{
public:
    using BellSimpleSource::BellSimpleSource;
    int ring(int times) override
    {
        emit rang(times);
        return times * volume();
    }
};

class TowerImpl : public TowerSimpleSource
{
public:
    explicit TowerImpl(QObject *parent) : TowerSimpleSource(parent) { setBell(new BellImpl(this)); }
    Mark after(const Mark &mark) override
    {
        return Mark(mark.text() + '+', mark.stage() == StageEnum::First ? StageEnum::Second : StageEnum::Last);
    }
};

static peer::Host mixedObjects([](QList<peer::Hosted> &all, QObject *parent) {
    auto *bell = new BellImpl(parent);
    bell->setObjectName("Bell");
    all << peer::hosted<TowerSourceAPI>("Tower", new TowerImpl(parent)) << peer::hosted<BellSourceAPI>("Bell", bell)
        << peer::hosted<ClapperSourceAPI>("Clapper", new ClapperSimpleSource(parent));
});
