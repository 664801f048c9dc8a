#include "replica.h"
#include "rep_access_replica.h"

static peer::Acquirable<AccessReplica> accessObjects("Access");
