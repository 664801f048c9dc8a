// A registry host.
#include "peercore.h"

using namespace peer;

int main(int argc, char **argv)
{
    QCoreApplication app(argc, argv);
    QCommandLineParser cl;
    cl.addHelpOption();
    cl.addOption({"url", "address to listen on", "URL"});
    cl.process(app);
    QRemoteObjectRegistryHost host(QUrl(cl.value("url")));
    if (host.lastError() != QRemoteObjectNode::NoError) {
        Event("error").num("code", int(host.lastError()));
        return 1;
    }
    // The registry host itself emits nothing when others join: look at it as a client does.
    QRemoteObjectNode watch;
    watch.setRegistryUrl(QUrl(cl.value("url")));
    QObject::connect(watch.registry(), &QRemoteObjectRegistry::remoteObjectAdded, &app, [](const QRemoteObjectSourceLocation &l) {
        Event("added").str("name", l.first).str("type", l.second.typeName).str("url", l.second.hostUrl.toString()); });
    QObject::connect(watch.registry(), &QRemoteObjectRegistry::remoteObjectRemoved, &app, [](const QRemoteObjectSourceLocation &l) {
        Event("removed").str("name", l.first).str("type", l.second.typeName).str("url", l.second.hostUrl.toString()); });
    Commands commands([&watch](const QString &w, const QString &) {
        if (w == "list")
            Event("locations").var("locations", QVariant::fromValue(watch.registry()->sourceLocations()));
    });
    const_cast<QRemoteObjectRegistry *>(watch.registry())->waitForSource(2000);
    Event("ready").str("url", cl.value("url")).str("qt", qVersion());
    return app.exec();
}
