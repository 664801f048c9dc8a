#include "source.h"
#include "rep_access_source.h"

class AccessImpl : public AccessSimpleSource, public peer::Setters
{
public:
    explicit AccessImpl(QObject *parent) : AccessSimpleSource(55, parent)
    {
        setter("shown", this, &AccessImpl::setShown);
        setter("inner", this, &AccessImpl::setInner);
        setter("keptShown", this, &AccessImpl::setKeptShown);
        setter("keptInner", this, &AccessImpl::setKeptInner);
        setter("bare", this, &AccessImpl::setBare);
        setter("secret", this, &AccessImpl::setSecret);
    }
};

static peer::Host accessObjects([](QList<peer::Hosted> &all, QObject *parent) { all << peer::hosted<AccessSourceAPI>("Access", new AccessImpl(parent)); });
