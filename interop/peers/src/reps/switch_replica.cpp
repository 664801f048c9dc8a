#include "replica.h"
#include "rep_switch_replica.h"

static peer::Acquirable<SwitchReplica> switchObjects("Switch");
