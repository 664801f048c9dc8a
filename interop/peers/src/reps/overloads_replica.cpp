#include "replica.h"
#include "rep_overloads_replica.h"

static peer::Acquirable<OverloadsReplica> overloadsObjects("Overloads");
