// The panel of a thermostat in QML, whose host is in Go, over TLS. README.md in the folder above says how to run it.
#include "panel.h"
#include "qtrotls.h"
#include "driver.h"

#include <QCommandLineParser>
#include <QFileInfo>
#include <QGuiApplication>
#include <QQmlApplicationEngine>
#include <QQuickWindow>
#include <QRemoteObjectNode>

int main(int argc, char **argv)
{
    QGuiApplication app(argc, argv);
    QCommandLineParser cl;
    cl.setApplicationDescription("The panel of a thermostat.");
    cl.addHelpOption();
    cl.addOptions({
        {"connect", "Where the host is.", "URL", "tls://127.0.0.1:5020"},
        {"registry", "A registry that knows where the host is, in place of --connect.", "URL"},
        {"certs", "Folder with ca.pem, panel.pem and panel.key.", "FOLDER", "out/certs"},
        {"screenshot", "Save a picture of the window when it shows the thermostat, and end.", "FILE"},
        {"stdio", "Take commands from stdin and print what is shown, as driver.h says."},
    });
    cl.process(app);

    const QString dir = cl.value("certs"), host = "spiffe://qtro.example/host";
    qtro::Tls tls;
    tls.caFile = dir + "/ca.pem";
    tls.certFile = dir + "/panel.pem";
    tls.keyFile = dir + "/panel.key";
    tls.expect = QStringList{host};     // nobody else is believed to be it
    for (const QString &file : {tls.caFile, tls.certFile, tls.keyFile}) {
        if (!QFileInfo::exists(file)) {
            qCritical("panel: there is no %s; these make it, in the root of the repository:\n"
                      "    ./scripts/gen-certs %s\n"
                      "    go run ./cmd/qtro cert client --dir %s --out panel spiffe://qtro.example/panel",
                qPrintable(file), qPrintable(dir), qPrintable(dir));
            return 1;
        }
    }

    QRemoteObjectNode node;
    QScopedPointer<ThermostatReplica> thermostat(node.acquire<ThermostatReplica>());
    Panel panel(thermostat.data(), host);
    tls.onError = [&panel](const QString &url, const QString &why) { panel.setProblem(why + "  ·  " + url); };
    if (!qtro::useTls(&node, tls)) {    // this is all: from here on, tls:// URLs are like any others
        qCritical("panel: %s", qPrintable(panel.problem));
        return 1;
    }
    QObject::connect(thermostat.data(), &ThermostatReplica::initialized, &panel, [&panel] { panel.setProblem(""); });

    qmlRegisterUncreatableType<ThermostatReplica>("Plant", 1, 0, "Thermostat", "a node acquires it"); // for its enums
    QQmlApplicationEngine engine;
    engine.setInitialProperties({{"thermostat", QVariant::fromValue(thermostat.data())}, {"panel", QVariant::fromValue(&panel)}});
    engine.load(QUrl("qrc:/Main.qml"));
    auto *window = engine.rootObjects().isEmpty() ? nullptr : qobject_cast<QQuickWindow *>(engine.rootObjects().first());
    if (!window)
        return 1;   // it has been said why

    if (cl.isSet("registry"))
        node.setRegistryUrl(QUrl(cl.value("registry")));
    else
        node.connectToNode(QUrl(cl.value("connect")));

    QScopedPointer<Driver> driver(cl.isSet("stdio") ? new Driver(window) : nullptr);
    if (cl.isSet("screenshot")) {
        QObject::connect(window, &QQuickWindow::frameSwapped, window, [&, frames = 0]() mutable {
            if (thermostat->isReplicaValid() && ++frames == 3) { // the first ones are without what is drawn in the background
                const bool saved = window->grabWindow().save(cl.value("screenshot"));
                if (!saved)
                    qCritical("panel: cannot write %s", qPrintable(cl.value("screenshot")));
                app.exit(saved ? 0 : 1);
            }
            window->update();
        }, Qt::QueuedConnection);
    }
    return app.exec();
}
