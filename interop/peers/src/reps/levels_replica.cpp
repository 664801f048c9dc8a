#include "replica.h"
#include "rep_levels_replica.h"
#include "levels_types.h"

static peer::Acquirable<SounderReplica> levelsObjects("Sounder");
