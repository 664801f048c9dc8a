#include "replica.h"
#include "rep_garden_replica.h"

static peer::Acquirable<GardenReplica> gardenObjects("Garden");
