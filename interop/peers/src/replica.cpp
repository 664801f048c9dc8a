// Acquires what the source program hosts.
#include "replicacore.h"
#include "rep_brewery_replica.h"
#include "rep_station_replica.h"
#include "rep_types_replica.h"
#include "peertypes.h"

template <typename R> static peer::Typed typed()
{
    return [](QRemoteObjectNode *n, const QString &name) -> QRemoteObjectReplica * { return n->acquire<R>(name); };
}

int main(int argc, char **argv)
{
    QCoreApplication app(argc, argv);
    registerPeerTypes(app.arguments().join(' ').contains("dynamic"));
    return peer::runReplica(app, {
        {"Brewery", typed<BreweryReplica>()},
        {"Filter", typed<FilterReplica>()},
        {"Gauge", typed<GaugeReplica>()},
        {"Station", typed<StationReplica>()},
        {"Types", typed<TypesReplica>()},
    });
}
