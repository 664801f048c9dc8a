// Hosts the objects of reps/*/*.rep.
#include "source.h"

int main(int argc, char **argv)
{
    QCoreApplication app(argc, argv);
    return peer::runHost(app, [&app](QList<peer::Hosted> &all) {
        for (const peer::Build &build : peer::Host::all())
            build(all, &app);
    });
}
