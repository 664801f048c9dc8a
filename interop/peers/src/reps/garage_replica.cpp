#include "replica.h"
#include "rep_garage_replica.h"

static peer::Acquirable<GarageReplica> garageObjects("Garage");
