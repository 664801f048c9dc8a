#include "replica.h"
#include "rep_measures_replica.h"
#include "measures_types.h"

static peer::Acquirable<MeasuresReplica> measuresObjects("Measures");
