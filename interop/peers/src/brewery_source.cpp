// Brewery: children of children. "set Brewery.pump 1" (or drain, or pump.inlet, ...) puts a new object there.
#include "hosted.h"
#include "rep_brewery_source.h"

using namespace peer;

class FilterImpl : public FilterSimpleSource, public Settable
{
    Q_OBJECT
public:
    FilterImpl(const QString &mesh, QObject *parent) : FilterSimpleSource(parent) { FilterSimpleSource::setMesh(mesh); }
    void setMesh(QString v) override { logWrite("Filter", "mesh", v); FilterSimpleSource::setMesh(v); }
    int clean(int strokes) override
    {
        logSlot("Filter", "clean", {strokes});
        setAge(age() - strokes);
        emit clogged(mesh() + " is clean");
        return age();
    }
    bool setSpecial(const QString &prop, const QJsonValue &v) override
    {
        if (prop != "age")
            return false;
        setAge(v.toInt());
        return true;
    }
};

class InletImpl : public InletSimpleSource, public Settable
{
    Q_OBJECT
public:
    explicit InletImpl(QObject *parent) : InletSimpleSource(parent) { setFilter(new FilterImpl("coarse", this)); }
    void setFlow(double v) override { logWrite("Inlet", "flow", v); InletSimpleSource::setFlow(v); }
    double adjust(double by) override
    {
        logSlot("Inlet", "adjust", {by});
        InletSimpleSource::setFlow(flow() + by);
        return flow();
    }
    bool setSpecial(const QString &prop, const QJsonValue &v) override
    {
        if (prop != "filter")
            return false;
        setFilter(v.isNull() ? nullptr : new FilterImpl(v.toString("new"), this));
        return true;
    }
};

class PumpImpl : public PumpSimpleSource, public Settable
{
    Q_OBJECT
public:
    PumpImpl(const QString &maker, QObject *parent) : PumpSimpleSource(maker, parent) { setInlet(new InletImpl(this)); }
    void setRpm(int v) override { logWrite("Pump", "rpm", v); PumpSimpleSource::setRpm(v); }
    int spin(int more) override
    {
        logSlot("Pump", "spin", {more});
        PumpSimpleSource::setRpm(rpm() + more);
        if (rpm() <= 0)
            emit stalled();
        return rpm();
    }
    bool setSpecial(const QString &prop, const QJsonValue &v) override
    {
        if (prop != "inlet")
            return false;
        setInlet(v.isNull() ? nullptr : new InletImpl(this));
        return true;
    }
};

class BreweryImpl : public BrewerySimpleSource, public Settable
{
    Q_OBJECT
public:
    explicit BreweryImpl(QObject *parent) : BrewerySimpleSource(parent)
    {
        setPump(new PumpImpl("Acme", this));
        setDrain(new FilterImpl("drain", this));
    }
    void setTitle(QString v) override { logWrite("Brewery", "title", v); BrewerySimpleSource::setTitle(v); }
    int brew() override
    {
        logSlot("Brewery", "brew", {});
        setBatches(batches() + 1);
        emit brewed(batches());
        return batches();
    }
    void swap(const QString &part) override
    {
        logSlot("Brewery", "swap", {part});
        setSpecial(part, QString("swapped"));
    }
    bool setSpecial(const QString &prop, const QJsonValue &v) override
    {
        if (prop == "batches")
            setBatches(v.toInt());
        else if (prop == "pump")
            setPump(v.isNull() ? nullptr : new PumpImpl(v.toString("new"), this));
        else if (prop == "drain")
            setDrain(v.isNull() ? nullptr : new FilterImpl(v.toString("new"), this));
        else
            return false;
        return true;
    }
};

namespace peer {

void addBrewery(QList<Hosted> &all, QObject *parent)
{
    auto *brewery = new BreweryImpl(parent);
    all << Hosted{"Brewery", brewery, [brewery](QRemoteObjectHostBase *h) { return h->enableRemoting<BrewerySourceAPI>(brewery); }};
}

} // namespace peer

#include "brewery_source.moc"
