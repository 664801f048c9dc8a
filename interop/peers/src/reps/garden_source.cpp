#include "source.h"
#include "rep_garden_source.h"

class BedImpl : public BedSimpleSource, public peer::Setters
{
public:
    BedImpl(const QString &crop, double size, QObject *parent) : BedSimpleSource(size, parent)
    {
        setCrop(crop);
        setter("harvests", this, &BedImpl::setHarvests);
    }
    int water(int litres) override
    {
        setMoisture(moisture() + litres);
        return moisture();
    }
    void harvest() override
    {
        setHarvests(harvests() + 1);
        emit dried(moisture(), crop());
    }
};

class WellImpl : public WellSimpleSource, public peer::Setters
{
public:
    WellImpl(double depth, QObject *parent) : WellSimpleSource(parent)
    {
        setDepth(depth);
        setter("depth", this, &WellImpl::setDepth);
    }
    double draw(double litres) override
    {
        setDepth(depth() - litres);
        if (depth() <= 0)
            emit drained();
        return depth();
    }
};

class GardenImpl : public GardenSimpleSource, public peer::Setters
{
public:
    explicit GardenImpl(QObject *parent) : GardenSimpleSource(parent)
    {
        setSunny(new BedImpl("tomatoes", 4.5, this));
        setShady(new BedImpl("ferns", 1.25, this));
        setWell(new WellImpl(7.5, this));
        setter("well", [this](const QJsonValue &) { setWell(nullptr); });
    }
    void replant(const QString &crop) override { setShady(new BedImpl(crop, 2.5, this)); }
    bool dig(bool deep) override
    {
        setWell(new WellImpl(deep ? 20.5 : 7.5, this));
        emit rained(0.5);
        return deep;
    }
};

static peer::Host gardenObjects([](QList<peer::Hosted> &all, QObject *parent) { all << peer::hosted<GardenSourceAPI>("Garden", new GardenImpl(parent)); });
