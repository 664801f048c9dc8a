// What the QML has to do with besides the replica itself.
#pragma once

#include "rep_thermostat_replica.h"

#include <QObject>

class Panel : public QObject
{
    Q_OBJECT
    Q_PROPERTY(QString host MEMBER host CONSTANT)               // who the other end has to be; TLS has made sure if there is one
    Q_PROPERTY(QString problem MEMBER problem NOTIFY problemChanged)    // why there is no connection, or ""

public:
    Panel(ThermostatReplica *thermostat, const QString &host) : host(host), thermostat(thermostat) {}

    const QString host;
    QString problem;

    void setProblem(const QString &text)
    {
        problem = text;
        emit problemChanged();
    }

    // A slot with a reply: QML could call it, too, but would not get to see the reply.
    Q_INVOKABLE void boost(int minutes)
    {
        auto *call = new QRemoteObjectPendingCallWatcher(thermostat->boost(minutes), this);
        connect(call, &QRemoteObjectPendingCallWatcher::finished, this, [this](QRemoteObjectPendingCallWatcher *call) {
            if (call->error() != QRemoteObjectPendingCall::NoError || !call->returnValue().toBool())
                emit boostRefused();
            call->deleteLater();
        });
    }

signals:
    void problemChanged();
    void boostRefused();

private:
    ThermostatReplica *const thermostat;
};
