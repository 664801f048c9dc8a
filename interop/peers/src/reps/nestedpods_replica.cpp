#include "replica.h"
#include "rep_nestedpods_replica.h"
#include "nestedpods_types.h"

static peer::Acquirable<WorkshopReplica> nestedpodsObjects("Workshop");
