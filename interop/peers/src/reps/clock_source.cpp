#include "source.h"
#include "rep_clock_source.h"

class ClockImpl : public ClockSimpleSource, public peer::Setters
{
public:
    explicit ClockImpl(QObject *parent) : ClockSimpleSource("Ticktock", parent)
    {
        setter("second", this, &ClockImpl::setSecond);
        setter("zoneName", this, &ClockImpl::setZoneName);
    }
    bool setZone(const QString &zone) override
    {
        if (zone.isEmpty())
            return false;
        const QString before = zoneName();
        setZoneName(zone);
        emit zoneMoved(before, zone, precision());
        return true;
    }
    Precision refine(Precision p) override
    {
        setPrecision(p);
        return p == Hours ? Minutes : Seconds;
    }
    QTime inZone(const QTime &time, double hours) override { return time.addSecs(int(hours * 3600)); }
    void ring() override { emit rang(); }
};

static peer::Host clockObjects([](QList<peer::Hosted> &all, QObject *parent) { all << peer::hosted<ClockSourceAPI>("Clock", new ClockImpl(parent)); });
