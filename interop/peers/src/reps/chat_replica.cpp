#include "replica.h"
#include "rep_chat_replica.h"

static peer::Acquirable<ChatReplica> chatObjects("Chat");
