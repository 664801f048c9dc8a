#include "peercore.h"

#include <cstdio>
#include <unistd.h>

namespace peer {

// ---------------------------------------------------------------- events
Event::Event(const char *name) { m_line = "{\"event\":\"" + QByteArray(name) + '"'; }
Event::~Event()
{
    m_line += "}\n";
    fwrite(m_line.constData(), 1, size_t(m_line.size()), stdout);
    fflush(stdout);
}
Event &Event::raw(const char *key, const QByteArray &json) { m_line += ",\"" + QByteArray(key) + "\":" + json; return *this; }
Event &Event::str(const char *key, const QString &v) { return raw(key, quote(v)); }
Event &Event::num(const char *key, qint64 v) { return raw(key, QByteArray::number(v)); }
Event &Event::boolean(const char *key, bool v) { return raw(key, v ? "true" : "false"); }
Event &Event::var(const char *key, const QVariant &v) { return raw(key, toJson(v)); }

// ---------------------------------------------------------------- stdin
Commands::Commands(Handler h) : m_handler(std::move(h)), m_notifier(0, QSocketNotifier::Read)
{
    connect(&m_notifier, &QSocketNotifier::activated, this, [this] { readMore(); });
}

QString Commands::takeWord(QString &rest)
{
    rest = rest.trimmed();
    int i = 0;
    while (i < rest.size() && !rest.at(i).isSpace())
        ++i;
    const QString w = rest.left(i);
    rest = rest.mid(i).trimmed();
    return w;
}

void Commands::readMore()
{
    char buf[65536];
    const ssize_t n = ::read(0, buf, sizeof buf);
    if (n <= 0) {
        m_notifier.setEnabled(false);
        quietExit(0);
        return;
    }
    m_buffer.append(buf, int(n));
    for (int nl; (nl = m_buffer.indexOf('\n')) >= 0;) {
        QString line = QString::fromUtf8(m_buffer.left(nl)).trimmed();
        m_buffer.remove(0, nl + 1);
        if (line.isEmpty() || line.startsWith('#'))
            continue;
        const QString word = takeWord(line);
        if (word == "quit") {
            quietExit(0);
            return;
        }
        if (word == "sync") {                   // a marker, echoed when reached
            Event("sync").str("tag", line);
            continue;
        }
        m_handler(word, line);
    }
}

void quietExit(int code) { QMetaObject::invokeMethod(qApp, [code] { QCoreApplication::exit(code); }, Qt::QueuedConnection); }

// ---------------------------------------------------------------- signals
void Spy::watch(QObject *o, const QMetaMethod &m, Handler h, bool decode)
{
    QMetaObject::connect(o, m.methodIndex(), this, QObject::staticMetaObject.methodCount() + int(m_entries.size()),
                         Qt::DirectConnection, nullptr);
    m_entries.append({m, std::move(h), decode});
}

void Spy::watchAll(QObject *o, int from, std::function<void(QObject *, const QMetaMethod &, const QVariantList &)> h)
{
    // Qt activates the notify signals of replicas with the variant's inner data
    // even where the parameter is a QVariant, so their arguments are not read.
    const QMetaObject *mo = o->metaObject();
    QSet<int> notify;
    for (int i = 0; i < mo->propertyCount(); ++i)
        notify.insert(mo->property(i).notifySignalIndex());
    for (int i = from; i < mo->methodCount(); ++i) {
        if (mo->method(i).methodType() == QMetaMethod::Signal)
            watch(o, mo->method(i), [o, h](const QMetaMethod &m, const QVariantList &a) { h(o, m, a); }, !notify.contains(i));
    }
}

int Spy::qt_metacall(QMetaObject::Call c, int id, void **a)
{
    id = QObject::qt_metacall(c, id, a);
    if (id < 0 || c != QMetaObject::InvokeMetaMethod)
        return id;
    if (id < m_entries.size()) {
        const Entry e = m_entries.at(id);
        QVariantList args;
        for (int i = 0; e.decode && i < e.method.parameterCount(); ++i)
            args << argVariant(e.method.parameterType(i), a[i + 1]);
        e.handler(e.method, args);
    }
    return id - int(m_entries.size());
}

int findMethod(const QMetaObject *mo, int from, bool isSignal, const QString &name, int args)
{
    const QByteArray wanted = QMetaObject::normalizedSignature(name.toLatin1());
    for (int i = from; i < mo->methodCount(); ++i) {
        const QMetaMethod m = mo->method(i);
        if ((m.methodType() == QMetaMethod::Signal) == isSignal && m.parameterCount() == args
            && (wanted.contains('(') ? m.methodSignature() : m.name()) == wanted)
            return i;
    }
    return -1;
}

Arguments::Arguments(const QMetaMethod &m, const QJsonArray &args)
{
    for (int k = 0; k < args.size(); ++k)
        values << fromJson(args.at(k), m.parameterType(k));
    for (int k = 0; k < args.size(); ++k)
        argv[k + 1] = m.parameterType(k) == QMetaType::QVariant ? (void *)&values[k] : values[k].data();
}

bool emitSignal(QObject *o, const QString &name, const QJsonArray &args, QString *error)
{
    const int i = findMethod(o->metaObject(), 0, true, name, args.size());
    if (i < 0) {
        *error = QStringLiteral("no signal %1 with %2 parameters").arg(name).arg(args.size());
        return false;
    }
    Arguments a(o->metaObject()->method(i), args);
    o->qt_metacall(QMetaObject::InvokeMetaMethod, i, a.argv);
    return true;
}

// ---------------------------------------------------------------- external devices
ExternalServer::ExternalServer(std::function<void(QIODevice *)> onReady, QObject *parent) : QTcpServer(parent)
{
    connect(this, &QTcpServer::newConnection, this, [this, onReady] {
        while (QTcpSocket *s = nextPendingConnection()) {
            Event("external").str("side", "host");
            onReady(s);
        }
    });
}

void externalConnect(const QUrl &url, QObject *parent, std::function<void(QIODevice *)> onReady)
{
    auto *s = new QTcpSocket(parent);
    QObject::connect(s, &QAbstractSocket::connected, parent, [s, url, onReady] {
        Event("external").str("side", "client").str("url", url.toString());
        onReady(s);
    });
    QObject::connect(s, &QAbstractSocket::disconnected, parent, [url] { Event("externalclosed").str("url", url.toString()); });
    s->connectToHost(url.host(), quint16(url.port()));
}

// ---------------------------------------------------------------- tls
void addTlsOptions(QCommandLineParser &cl)
{
    cl.addOptions({{"tls-ca", "tls: the authorities that are trusted", "FILE"},
                   {"tls-cert", "tls: the program's own certificate", "FILE"},
                   {"tls-key", "tls: its private key", "FILE"},
                   {"tls-expect", "tls: an identity that peers may have; may be repeated", "ID"},
                   {"tls-only", "tls: follow no tcp:// URL"},
                   {"tls-timeout", "tls: how long a handshake may take", "MS", "10000"}});
}

bool wantsTls(const QCommandLineParser &cl) { return cl.isSet("tls-ca") || cl.isSet("tls-cert") || cl.isSet("tls-key"); }

qtro::Tls tlsOf(const QCommandLineParser &cl)
{
    qtro::Tls tls;
    tls.caFile = cl.value("tls-ca");
    tls.certFile = cl.value("tls-cert");
    tls.keyFile = cl.value("tls-key");
    tls.expect = cl.values("tls-expect");
    tls.plaintextToo = !cl.isSet("tls-only");
    tls.handshakeTimeout = cl.value("tls-timeout").toInt();
    tls.onError = [](const QString &url, const QString &why) { Event("tls-error").str("url", url).str("reason", why); };
    return tls;
}

QString stateName(int s)
{
    switch (s) {
    case QRemoteObjectReplica::Uninitialized: return "Uninitialized";
    case QRemoteObjectReplica::Default: return "Default";
    case QRemoteObjectReplica::Valid: return "Valid";
    case QRemoteObjectReplica::Suspect: return "Suspect";
    case QRemoteObjectReplica::SignatureMismatch: return "SignatureMismatch";
    }
    return QString::number(s);
}

} // namespace peer
