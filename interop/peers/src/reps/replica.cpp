// Acquires what the program repsource hosts.
#include "replica.h"

int main(int argc, char **argv)
{
    QCoreApplication app(argc, argv);
    return peer::runReplica(app, peer::acquirable());
}
