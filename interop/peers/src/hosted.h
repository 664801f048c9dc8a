// What the source program remotes, and what its stdin commands may do to it.
#pragma once
#include "nodemodel.h"
#include "peercore.h"

namespace peer {

// An object whose READONLY, CONSTANT or CLASS properties can be set from stdin.
class Settable
{
public:
    virtual ~Settable() = default;
    virtual bool setSpecial(const QString &prop, const QJsonValue &v) = 0;
};

struct Hosted
{
    QString name;
    QObject *object;
    std::function<bool(QRemoteObjectHostBase *)> enable;
    NodeModel *model = nullptr;
    QList<int> roles;
    QItemSelectionModel *selection = nullptr;
};

// Marks what is set in its scope as the program's own doing: "write" events say origin "local".
class LocalWrites
{
public:
    LocalWrites() : m_before(active) { active = true; }
    ~LocalWrites() { active = m_before; }
    static bool active;
private:
    bool m_before;
};

void logSlot(const char *object, const char *slot, const QVariantList &args);
void logWrite(const char *object, const char *prop, const QVariant &v);

int runHost(QCoreApplication &app, std::function<void(QList<Hosted> &)> build);

void addStation(QList<Hosted> &all, QObject *parent);
void addThermostat(QList<Hosted> &all, QObject *parent);
void addTypes(QList<Hosted> &all, QObject *parent);
void addBrewery(QList<Hosted> &all, QObject *parent);

} // namespace peer
