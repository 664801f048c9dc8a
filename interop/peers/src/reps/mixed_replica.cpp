#include "replica.h"
#include "rep_mixed_replica.h"
#include "mixed_types.h"

static peer::Acquirable<BellReplica> bell("Bell");
static peer::Acquirable<ClapperReplica> clapper("Clapper");
static peer::Acquirable<TowerReplica> tower("Tower");
