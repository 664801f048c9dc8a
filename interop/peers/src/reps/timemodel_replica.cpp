#include "replica.h"
#include "rep_timemodel_replica.h"

static peer::Registered timemodelTypes([] {
    peer::registerList<QList<Preset>>("QList<Preset>");
    peer::registerList<QList<int>>("QList<int>");
});
static peer::Acquirable<DayTimeReplica> dayTime("DayTime");
static peer::Acquirable<PresetStoreReplica> presetStore("PresetStore");
