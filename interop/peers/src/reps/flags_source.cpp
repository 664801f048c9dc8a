#include "source.h"
#include "rep_flags_source.h"

class DoorImpl : public DoorSimpleSource, public peer::Setters
{
public:
    explicit DoorImpl(QObject *parent) : DoorSimpleSource(parent) { setter("repaired", this, &DoorImpl::setRepaired); }
    Faults without(Faults faults, Fault fault) override { return faults & ~Faults(fault); }
    AbilityEnum::Abilities allow(AbilityEnum::Abilities abilities, AbilityEnum::Ability more) override { return abilities | more; }
    Zones opposite(Zones zones) override { return zones ^ Zones(Zone::Inside | Zone::Outside); }
    void slam(Faults faults) override { peer::logSlot("Door", "slam", {int(faults)}); }
};

static peer::Host flagsObjects([](QList<peer::Hosted> &all, QObject *parent) {
    all << peer::hosted<DoorSourceAPI>("Door", new DoorImpl(parent));
    // Without these, slots that return flags reply nothing.
    qRegisterMetaType<DoorSource::Faults>("Faults");
    qRegisterMetaType<DoorSource::Zones>("Zones");
    qRegisterMetaType<AbilityEnum::Abilities>("AbilityEnum::Abilities");
});
