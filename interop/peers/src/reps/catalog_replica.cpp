#include "replica.h"
#include "rep_catalog_replica.h"

static peer::Acquirable<CatalogReplica> catalogObjects("Catalog");
