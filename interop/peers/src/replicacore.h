// Generic half of the replica program.
#pragma once
#include "peercore.h"

namespace peer {
using Typed = std::function<QRemoteObjectReplica *(QRemoteObjectNode *, const QString &name)>;
int runReplica(QCoreApplication &app, const QMap<QString, Typed> &typed);
}
