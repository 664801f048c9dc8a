#include "replica.h"
#include "rep_cdplayer_replica.h"

static peer::Registered cdplayerTypes([] { peer::registerList<QList<Track>>("QList<Track>"); });
static peer::Acquirable<PlayerReplica> cdplayerObjects("Player");
