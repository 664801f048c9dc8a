#include "replica.h"
#include "rep_flags_replica.h"

static peer::Acquirable<DoorReplica> flagsObjects("Door");
