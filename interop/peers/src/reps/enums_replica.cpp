#include "replica.h"
#include "rep_enums_replica.h"
#include "enums_types.h"

static peer::Acquirable<CrossingReplica> enumsObjects("Crossing");
