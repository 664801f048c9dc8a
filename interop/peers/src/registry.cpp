// A registry host.
#include "peercore.h"

using namespace peer;

int main(int argc, char **argv)
{
    QCoreApplication app(argc, argv);
    QCommandLineParser cl;
    cl.addHelpOption();
    cl.addOption({"url", "address to listen on", "URL"});
    addTlsOptions(cl);
    cl.process(app);
    QUrl url(cl.value("url"));
    qtro::TlsRegistryHost host;
    if (url.scheme() == "tls") {
        url = host.listenTls(url, tlsOf(cl));
        if (url.isEmpty())
            return 1;
    }
    QRemoteObjectRegistryHost plain(url.scheme() == "tls" ? QUrl() : url);
    if (plain.lastError() != QRemoteObjectNode::NoError) {
        Event("error").num("code", int(plain.lastError()));
        return 1;
    }
    // The registry host itself emits nothing when others join: look at it as a client does.
    QRemoteObjectNode watch;
    if (wantsTls(cl) && !qtro::useTls(&watch, tlsOf(cl)))
        return 1;
    watch.setRegistryUrl(url);
    QObject::connect(watch.registry(), &QRemoteObjectRegistry::remoteObjectAdded, &app, [](const QRemoteObjectSourceLocation &l) {
        Event("added").str("name", l.first).str("type", l.second.typeName).str("url", l.second.hostUrl.toString()); });
    QObject::connect(watch.registry(), &QRemoteObjectRegistry::remoteObjectRemoved, &app, [](const QRemoteObjectSourceLocation &l) {
        Event("removed").str("name", l.first).str("type", l.second.typeName).str("url", l.second.hostUrl.toString()); });
    Commands commands([&watch](const QString &w, const QString &) {
        if (w == "list")
            Event("locations").var("locations", QVariant::fromValue(watch.registry()->sourceLocations()));
    });
    const_cast<QRemoteObjectRegistry *>(watch.registry())->waitForSource(2000);
    Event("ready").str("url", url.toString()).str("qt", qVersion());
    return app.exec();
}
