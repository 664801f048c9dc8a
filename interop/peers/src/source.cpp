// Hosts Station, Gauge, Table, Tree, Thermostat, Types and Brewery.
#include "hosted.h"
#include "rep_station_source.h"
#include "rep_types_source.h"
#include "peertypes.h"

int main(int argc, char **argv)
{
    QCoreApplication app(argc, argv);
    registerPeerTypes();
    return peer::runHost(app, [&app](QList<peer::Hosted> &all) {
        peer::addStation(all, &app);
        peer::addThermostat(all, &app);
        peer::addTypes(all, &app);
        peer::addBrewery(all, &app);
    });
}
