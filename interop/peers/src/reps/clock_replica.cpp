#include "replica.h"
#include "rep_clock_replica.h"

static peer::Acquirable<ClockReplica> clockObjects("Clock");
