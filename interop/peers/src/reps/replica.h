// For the replicas of the program repreplica. Each file makes its classes known through a static Acquirable.
#pragma once
#include "../replicacore.h"

namespace peer {

// The typed replicas by the names of their classes.
inline QMap<QString, Typed> &acquirable()
{
    static QMap<QString, Typed> all;
    return all;
}

// Acquirable<ClockReplica> clock("Clock");
template <typename Replica> struct Acquirable
{
    explicit Acquirable(const QString &name)
    {
        acquirable()[name] = [](QRemoteObjectNode *n, const QString &name) -> QRemoteObjectReplica * { return n->acquire<Replica>(name); };
    }
};

} // namespace peer
