// A Qt program that uses a thermostat of a host in Go, over TLS:
//
//     panel tls://127.0.0.1:5020 FOLDER     with ca.pem, panel.pem and panel.key in the folder
#include "qtrotls.h"
#include "rep_thermostat_replica.h"

#include <QCoreApplication>
#include <QRemoteObjectNode>
#include <QTextStream>
#include <QTimer>

int main(int argc, char **argv)
{
    QCoreApplication app(argc, argv);
    QTextStream out(stdout);
    const auto say = [&out](const QString &text) { out << text << Qt::endl; };
    const QStringList args = app.arguments();
    if (args.size() != 3) {
        say("usage: panel URL FOLDER");
        return 2;
    }

    qtro::Tls tls;
    tls.caFile = args[2] + "/ca.pem";
    tls.certFile = args[2] + "/panel.pem";
    tls.keyFile = args[2] + "/panel.key";
    tls.expect = QStringList{"spiffe://plant.example/host"};
    tls.onError = [&](const QString &url, const QString &why) {
        say(why + " (" + url + ")");
        app.exit(1);
    };

    QRemoteObjectNode node;
    if (!qtro::useTls(&node, tls)) // this is all: from here on, tls:// URLs are like any others
        return 1;
    node.connectToNode(QUrl(args[1]));
    QScopedPointer<ThermostatReplica> thermostat(node.acquire<ThermostatReplica>());

    QObject::connect(thermostat.data(), &ThermostatReplica::initialized, &app, [&] {
        say(QString("it has %1 degrees and should have %2").arg(thermostat->celsius()).arg(thermostat->target()));
        QObject::connect(thermostat.data(), &ThermostatReplica::targetChanged, &app, [&](double target) {
            say(QString("the target is now %1").arg(target));
            if (target != 22)
                return;
            // The host did what it was asked for. Call a slot, and wait for its reply.
            auto *call = new QRemoteObjectPendingCallWatcher(thermostat->boost(10), &app);
            QObject::connect(call, &QRemoteObjectPendingCallWatcher::finished, &app, [&](QRemoteObjectPendingCallWatcher *call) {
                say(QString("boost: %1").arg(call->returnValue().toDouble()));
            });
        });
        QObject::connect(thermostat.data(), &ThermostatReplica::boosted, &app, [&](int minutes) {
            say(QString("boosted for %1 minutes").arg(minutes));
        });
        QObject::connect(thermostat.data(), &ThermostatReplica::celsiusChanged, &app, [&](double celsius) {
            say(QString("it has %1 degrees").arg(celsius));
            if (celsius >= 23)
                app.quit();
        });
        thermostat->pushTarget(22);
    });
    QTimer::singleShot(30000, &app, [&] {
        say("nothing happens");
        app.exit(1);
    });
    return app.exec();
}
