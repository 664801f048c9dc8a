// Qt Remote Objects over mutual TLS, for Qt 5.15 and Qt 6: the other end may be Qt with this header, or qtro in Go.
//
//     qtro::Tls tls;
//     tls.caFile = "ca.pem";  tls.certFile = "panel.pem";  tls.keyFile = "panel.key";
//
//     QRemoteObjectNode node;                                    a client
//     qtro::useTls(&node, tls);
//     node.connectToNode(QUrl("tls://plant.example:5000"));      or setRegistryUrl
//
//     QRemoteObjectHost host;                                    a host; give it no URL of its own
//     const QUrl at = qtro::listenTls(&host, QUrl("tls://0.0.0.0:0"), tls, QUrl("tls://plant.example:0"));
//     host.enableRemoting(&source);
//
// README.md beside this file says the rest. All of it runs in the thread of the node; nothing throws.
#pragma once

#include <QtCore/QDataStream>
#include <QtCore/QElapsedTimer>
#include <QtCore/QFile>
#include <QtCore/QHash>
#include <QtCore/QPointer>
#include <QtCore/QRandomGenerator>
#include <QtCore/QScopedValueRollback>
#include <QtCore/QTimer>
#include <QtCore/QUrl>
#include <QtCore/QtEndian>
#include <QtNetwork/QHostAddress>
#include <QtNetwork/QHostInfo>
#include <QtNetwork/QSslCertificate>
#include <QtNetwork/QSslConfiguration>
#include <QtNetwork/QSslKey>
#include <QtNetwork/QSslSocket>
#include <QtNetwork/QTcpServer>
#include <QtRemoteObjects/QRemoteObjectNode>
#if QT_VERSION >= QT_VERSION_CHECK(6, 0, 0)
#include <QtRemoteObjects/qconnectionfactories.h>
#endif
#include <cstring>
#include <functional>
#include <memory>

namespace qtro {

// Tls says who this process is and whom it trusts. The files are read again for each connection, so that renewed ones
// need no restart.
struct Tls
{
    QString caFile;         // PEM: the authorities that are trusted; the system's are not
    QString certFile;       // PEM: the process's own certificate, and after it those between it and the authority
    QString keyFile;        // PEM: its private key, EC or RSA, not encrypted
    // Whom peers may be: URIs as they are ("spiffe://plant/host"), "dns:plant.example" or "ip:10.0.0.7"; what ends in
    // "/*" stands for all that begin like it. Empty: anybody that the authorities vouch for.
    QStringList expect;
    // Told of each connection that fails or is refused, with the check that failed. url is the host's, or, on the
    // host's side, the client's address.
    std::function<void(const QString &url, const QString &why)> onError;
    // Follow tcp:// URLs, too. A registry may announce such a URL for anything, and nobody would notice.
    bool plaintextToo = false;
    QSsl::SslProtocol protocol = QSsl::TlsV1_3OrLater;
    int handshakeTimeout = 10000;           // ms, from the first byte until Qt Remote Objects has its connection
    int maxUnfinished = 64;                 // handshakes that a host has under way at once
    int retryMin = 100, retryMax = 10000;   // ms; the pause doubles from one attempt to the next
    quint32 maxPacket = 64 << 20;           // bytes; what a client takes from a host
};

namespace detail {

inline void report(const Tls &tls, const QString &url, const QString &why)
{
    if (const auto tell = tls.onError)      // a copy, since it may destroy the node and tls with it
        tell(url, why);
    else
        qWarning("qtro: %s: %s", qPrintable(url), qPrintable(why));
}

// ---- who a certificate is for

// Der walks through the elements of a DER encoding; whatever is wrong with it looks like its end.
struct Der
{
    const uchar *at, *end;

    bool next(uchar *tag, Der *content)
    {
        if (end - at < 2)
            return false;
        *tag = *at++;
        quint32 size = *at++;
        if (size >= 0x80) {
            int more = size & 0x7f;
            if (more < 1 || more > 3 || end - at < more)
                return false;
            for (size = 0; more > 0; --more)
                size = size << 8 | *at++;
        }
        if (quint32(end - at) < size)
            return false;
        *content = {at, at + size};
        at += size;
        return true;
    }
    bool is(const char *bytes) const { return size_t(end - at) == strlen(bytes) && memcmp(at, bytes, strlen(bytes)) == 0; }
};

// The names that are certified, spelt as in Tls::expect. Qt tells nothing of URIs, hence the walk through the encoding.
inline QStringList identities(const QSslCertificate &certificate)
{
    const QByteArray der = certificate.toDer();
    const auto *data = reinterpret_cast<const uchar *>(der.constData());
    Der whole{data, data + der.size()}, body, fields, extensions, extension, part, names;
    uchar tag;
    QStringList uris, others;
    if (!whole.next(&tag, &body) || !body.next(&tag, &fields))
        return {};
    do {
        if (!fields.next(&tag, &extensions))
            return {};      // it has no extensions
    } while (tag != 0xa3);
    if (!extensions.next(&tag, &body))
        return {};
    while (body.next(&tag, &extension)) {
        if (!extension.next(&tag, &part) || !part.is("\x55\x1d\x11"))    // subjectAltName
            continue;
        while (extension.next(&tag, &part)) {}                                  // the last one is the value
        if (!part.next(&tag, &names))
            continue;
        while (names.next(&tag, &part)) {
            const QString text = QString::fromLatin1(reinterpret_cast<const char *>(part.at), int(part.end - part.at));  // with its NULs
            if (tag == 0x86)
                uris << text;
            else if (tag == 0x82)
                others << QLatin1String("dns:") + text;
            else if (tag == 0x87 && text.size() == 4)
                others << QLatin1String("ip:") + QHostAddress(qFromBigEndian<quint32>(part.at)).toString();
            else if (tag == 0x87 && text.size() == 16)
                others << QLatin1String("ip:") + QHostAddress(part.at).toString();
        }
    }
    return uris + others;
}

inline bool expected(const QStringList &expect, const QStringList &ids)
{
    for (const QString &e : expect) {
        const bool open = e.endsWith(QLatin1String("/*"));
        for (const QString &id : ids) {
            if (id == e || (open && id.startsWith(QStringView(e).left(e.size() - 1))))
                return true;
        }
    }
    return expect.isEmpty();
}

// Qt has checked the name already, but is content with the subject's common name, which authorities do not vouch for.
inline bool isFor(const QStringList &ids, const QString &host)
{
    const QHostAddress address(host);
    if (!address.isNull())
        return ids.contains(QLatin1String("ip:") + address.toString());
    const QString name = QString::fromLatin1(QUrl::toAce(host)).toLower();
    const QString domain = name.mid(name.indexOf(QLatin1Char('.')));    // for "*.example"
    for (const QString &id : ids) {
        const QString lower = id.toLower();
        if (lower == QLatin1String("dns:") + name || (domain != name && lower == QLatin1String("dns:*") + domain))
            return true;
    }
    return false;
}

// What is wrong with the peer of an encrypted connection; empty if nothing is. host is "" for a client.
inline QString judge(const Tls &tls, const QSslCertificate &peer, const QString &host)
{
    if (peer.isNull())
        return QStringLiteral("peer refused: it has no certificate");
    const QStringList ids = identities(peer);
    const QString is = QLatin1String(": it is for ") + ids.join(QLatin1String(", "));
    if (!host.isEmpty() && !isFor(ids, host))
        return QStringLiteral("peer refused: its certificate is for another name than %1").arg(host) + is;
    if (!expected(tls.expect, ids))
        return QStringLiteral("peer refused: its certificate is not of an expected identity") + is;
    return QString();
}

// ---- the settings of a connection

inline bool settings(const Tls &tls, QSslConfiguration *out, QString *why)
{
    const auto read = [why](const QString &name, const char *what) {
        QFile file(name);
        if (!name.isEmpty() && file.open(QIODevice::ReadOnly))
            return file.readAll();
        if (why->isEmpty())
            *why = name.isEmpty() ? QStringLiteral("no file with %1 is named").arg(QLatin1String(what))
                                  : QStringLiteral("cannot read %1 (%2): %3").arg(name, QLatin1String(what), file.errorString());
        return QByteArray();
    };
    if (!QSslSocket::supportsSsl())
        return *why = QStringLiteral("this Qt has no TLS: OpenSSL %1 or a plugin is missing").arg(QSslSocket::sslLibraryBuildVersionString()), false;
    const QByteArray ca = read(tls.caFile, "authorities"), chain = read(tls.certFile, "the certificate"), pem = read(tls.keyFile, "the key");
    if (!why->isEmpty())
        return false;
    const QList<QSslCertificate> roots = QSslCertificate::fromData(ca), own = QSslCertificate::fromData(chain);
    if (roots.isEmpty())    // or else Qt would take the system's
        return *why = tls.caFile + QStringLiteral(" has no certificate"), false;
    if (own.isEmpty())
        return *why = tls.certFile + QStringLiteral(" has no certificate"), false;
    QSslKey key(pem, QSsl::Ec);
    if (key.isNull())
        key = QSslKey(pem, QSsl::Rsa);
    if (key.isNull())
        return *why = tls.keyFile + QStringLiteral(" has no EC or RSA key that is not encrypted"), false;
    QSslConfiguration c = QSslConfiguration::defaultConfiguration();
    c.setCaCertificates(roots);
    c.setLocalCertificateChain(own);
    c.setPrivateKey(key);
    c.setProtocol(tls.protocol);
    c.setPeerVerifyMode(QSslSocket::VerifyPeer);    // a host that leaves it to Qt asks its clients for nothing
    c.setAllowedNextProtocols({QByteArrayLiteral("qtro")});
    *out = c;
    return true;
}

// What Qt says of a handshake, in the words that qtro in Go uses.
inline QString explain(const QSslError &e)
{
    switch (e.error()) {
    case QSslError::HostNameMismatch:
        return QStringLiteral("peer refused: its certificate is for another name");
    case QSslError::SelfSignedCertificate:
    case QSslError::SelfSignedCertificateInChain:
    case QSslError::UnableToGetIssuerCertificate:
    case QSslError::UnableToGetLocalIssuerCertificate:
    case QSslError::UnableToVerifyFirstCertificate:
    case QSslError::CertificateUntrusted:
        return QStringLiteral("peer refused: its certificate is not signed by a trusted authority: ") + e.errorString();
    case QSslError::CertificateExpired:
        return QStringLiteral("peer refused: its certificate has expired");
    case QSslError::CertificateNotYetValid:
        return QStringLiteral("peer refused: its certificate is not valid yet");
    case QSslError::NoPeerCertificate:
        return QStringLiteral("peer refused: it has no certificate");
    case QSslError::InvalidPurpose:
        return QStringLiteral("peer refused: its certificate is not meant for this side of a connection");
    default:
        return QStringLiteral("peer refused: ") + e.errorString();
    }
}

// Why a connection has ended; up says whether it had got so far that Qt Remote Objects had it.
inline QString explain(const QSslSocket *s, bool up)
{
    const QString text = s->errorString();
    if (text.contains(QLatin1String("alert")))
        return QLatin1String("refused by the peer: ") + text;
    if (up || s->error() != QAbstractSocket::RemoteHostClosedError)
        return text;
    return QStringLiteral("closed by the peer during the handshake; it may have refused our certificate");    // Qt does not say
}

inline void tune(QSslSocket *s)
{
    s->setSocketOption(QAbstractSocket::LowDelayOption, 1);
    s->setSocketOption(QAbstractSocket::KeepAliveOption, 1);
}

// ---- the client's side

// Link is the one device that Qt Remote Objects gets for a URL, however often the connection below it is replaced. Qt
// does not notice the end of a device that it was handed, nor that another one has taken its place: its replicas would
// stay as they are for ever. So the Link looks at what goes through it, passes on whole packets only, and when the
// connection is lost it says, in the host's name, that all objects have been removed. Replicas become Suspect by that,
// and Valid again by what the next connection brings.
class Link : public QIODevice
{
public:
    using Owners = QHash<QString, Link *>;      // of a node: by which of its links it has an object

    Link(QRemoteObjectNode *node, const QUrl &url, const Tls &tls, const std::shared_ptr<Owners> &owners)
        : QIODevice(node), m_node(node), m_url(url), m_tls(tls), m_owners(owners), m_pause(tls.retryMin)
    {
        m_deadline.setSingleShot(true);
        QObject::connect(&m_deadline, &QTimer::timeout, this, [this] { lost(QStringLiteral("the handshake took too long")); });
        m_retry.setSingleShot(true);
        QObject::connect(&m_retry, &QTimer::timeout, this, [this] { dial(); });
        m_retry.start(0);       // errors come after the call that asks for the connection
    }
    ~Link() override
    {
        if (m_socket)
            m_socket->disconnect(this);
    }
    bool isSequential() const override { return true; }
    qint64 bytesAvailable() const override { return m_whole - m_at; }
    qint64 bytesToWrite() const override { return m_socket ? m_socket->bytesToWrite() : 0; }

protected:
    qint64 readData(char *to, qint64 max) override
    {
        const qint64 n = qMin(max, qint64(m_whole - m_at));
        memcpy(to, m_in.constData() + m_at, size_t(n));
        m_at += int(n);
        m_taken += n;
        return n;
    }

    qint64 writeData(const char *data, qint64 size) override
    {
        if (!m_up)
            return size;        // of a replica that does not know yet
        const Packet p(data, size);
        if (p.type == Ping && m_node->heartbeatInterval() > 0) {
            // Qt would shut its end of the device for ever when the answer is late, so it must not come to that.
            const int serial = m_pings[p.name] = ++m_serial;
            QTimer::singleShot(m_node->heartbeatInterval() * 3 / 4, this, [this, name = p.name, serial] {
                if (m_pings.value(name) == serial)
                    lost(QStringLiteral("no answer to a heartbeat"));
            });
        }
        return m_socket->write(data, size);
    }

private:
    enum Type { Handshake = 1, RemoveObject = 5, ObjectList = 9, Ping = 10, Pong = 11 };

    // Packet is what a Link has to know of a packet, its length included. Qt 5 and Qt 6 have different byte orders.
    struct Packet
    {
        quint16 type = 0;
        QString name;
        QStringList objects;    // of an ObjectList

        Packet(const char *data, qint64 size)
        {
            QDataStream s(QByteArray::fromRawData(data, int(size)));
            prepare(s);
            quint32 length, count;
            s >> length >> type;
            if (type == ObjectList) {
                QByteArray signature;
                for (s >> count; count > 0 && s.status() == QDataStream::Ok; --count) {
                    s >> name;
                    objects << name;
                    s >> name >> signature;
                }
            } else if (type == Handshake || type == RemoveObject || type == Ping || type == Pong) {
                s >> name;
            }
        }
        static void prepare(QDataStream &s)
        {
#if QT_VERSION < QT_VERSION_CHECK(6, 0, 0)
            s.setVersion(QDataStream::Qt_5_12);
#else
            s.setVersion(QDataStream::Qt_6_2);
            s.setByteOrder(QDataStream::LittleEndian);
#endif
        }
        static QByteArray make(Type type, const QString &name)
        {
            QByteArray out;
            QDataStream s(&out, QIODevice::WriteOnly);
            prepare(s);
            s << quint32(0) << quint16(type) << name;
            s.device()->seek(0);
            s << quint32(out.size() - 4);
            return out;
        }
    };

    void dial()
    {
        QString why;
        QSslConfiguration c;
        if (m_url.host().isEmpty() || m_url.port() < 1)
            return report(m_tls, m_url.toString(), QStringLiteral("the URL needs a host and a port"));  // no use in trying again
        if (!settings(m_tls, &c, &why))
            return again(why);
        m_socket = new QSslSocket(this);
        m_socket->setSslConfiguration(c);
        QObject::connect(m_socket, QOverload<const QList<QSslError> &>::of(&QSslSocket::sslErrors), this,
                         [this](const QList<QSslError> &errors) { lost(explain(errors.first())); });
        QObject::connect(m_socket, &QSslSocket::encrypted, this, [this] {
            tune(m_socket);
            const QString wrong = judge(m_tls, m_socket->peerCertificate(), m_url.host());
            if (!wrong.isEmpty())
                return lost(wrong);
            QObject::connect(m_socket, &QSslSocket::readyRead, this, [this] { take(); });
            take();     // the host speaks first, and may have done so already
        });
        QObject::connect(m_socket, &QSslSocket::errorOccurred, this, [this] { lost(explain(m_socket, m_up)); });
        QObject::connect(m_socket, &QSslSocket::disconnected, this, [this] { lost(explain(m_socket, m_up)); });
        m_deadline.start(m_tls.handshakeTimeout);
        m_socket->connectToHostEncrypted(m_url.host(), quint16(m_url.port()));
    }

    // take takes what has come and passes on what is whole.
    void take()
    {
        m_in.remove(0, m_at);
        m_whole -= m_at;
        m_at = 0;
        m_in += m_socket->readAll();
        while (m_in.size() - m_whole >= 4) {
            const char *p = m_in.constData() + m_whole;
#if QT_VERSION < QT_VERSION_CHECK(6, 0, 0)
            const quint32 size = qFromBigEndian<quint32>(p);
#else
            const quint32 size = qFromLittleEndian<quint32>(p);
#endif
            // Until the host has said what it is, nothing else is taken: another version has other lengths.
            if (!m_up && size > 64)
                return lost(foreign());
            if (size > m_tls.maxPacket)
                return lost(QStringLiteral("the host sends a packet of %1 bytes").arg(size));
            if (quint32(m_in.size() - m_whole - 4) < size)
                break;
            const Packet packet(p, qint64(size) + 4);
            if (!m_up && !(packet.type == Handshake && packet.name.startsWith(QLatin1String(QT_VERSION_MAJOR < 6 ? "QtRO 1." : "QtRO 2."))))
                return lost(foreign());
            if (!m_up)
                up();
            note(packet);
            m_whole += int(size) + 4;
        }
        pass();
    }

    static QString foreign() { return QStringLiteral("the host does not speak the Qt Remote Objects of Qt %1").arg(QT_VERSION_MAJOR); }

    void up()
    {
        m_up = true;
        m_since.start();
        m_deadline.stop();
        setOpenMode(ReadWrite | Unbuffered);
        if (m_known)
            return;
        // The node destroys its children in the order of their coming. What Qt makes here uses this device when it
        // goes, so it has to come before.
        m_known = true;
        setParent(nullptr);
        m_node->addClientSideConnection(this);
        setParent(m_node);
    }

    void note(const Packet &packet)
    {
        if (packet.type == Pong && m_pings.contains(packet.name))
            m_pings[packet.name] = 0;
        if (packet.type == RemoveObject && m_owners->value(packet.name) == this)
            m_owners->remove(packet.name);
        for (const QString &name : packet.objects) {    // Qt, too, takes an object from the first who has it
            if (!m_owners->contains(name))
                m_owners->insert(name, this);
        }
    }

    // pass makes Qt read. What it calls may wait in an event loop of its own and come here again; then it is not asked to
    // read in the middle of reading.
    void pass()
    {
        if (m_passing)
            return;
        m_passing = true;
        const QPointer<Link> alive(this);
        for (quint64 before = ~m_taken; m_whole > m_at && before != m_taken;) {
            before = m_taken;
            Q_EMIT readyRead();
            if (!alive)
                return;
        }
        m_passing = false;
        if (!m_up)
            setOpenMode(NotOpen);   // or calls to objects inside of objects would wait for a reply
    }

    void lost(const QString &why)
    {
        if (!m_socket)
            return;
        const QPointer<Link> alive(this);
        if (m_up && m_socket->bytesAvailable() > 0) {
            take();
            if (!alive || !m_socket)
                return;
        }
        m_socket->disconnect(this);
        m_socket->deleteLater();    // it may be that it is calling
        m_socket = nullptr;
        m_deadline.stop();
        m_in.truncate(m_whole);
        if (m_up) {
            m_up = false;
            if (m_since.elapsed() > 1000)
                m_pause = m_tls.retryMin;
            // Who sends heartbeats must not be left waiting for an answer, nor with a connection: Qt would end it. Among
            // them are objects inside of objects, of which an ObjectList does not tell.
            for (auto it = m_pings.cbegin(); it != m_pings.cend(); ++it)
                m_in += Packet::make(Pong, it.key()) + Packet::make(RemoveObject, it.key());
            m_pings.clear();
            const QStringList names = m_owners->keys(this);
            for (const QString &name : names) {
                m_in += Packet::make(RemoveObject, name);
                m_owners->remove(name);
            }
            m_whole = int(m_in.size());
            pass();
            if (!alive)
                return;
        }
        again(why);
    }

    void again(const QString &why)
    {
        m_retry.start(m_pause - m_pause / 4 + int(QRandomGenerator::global()->bounded(m_pause / 2 + 1)));
        m_pause = qMin(m_pause * 2, m_tls.retryMax);
        report(m_tls, m_url.toString(), why);
    }

    QRemoteObjectNode *const m_node;
    const QUrl m_url;
    const Tls m_tls;
    const std::shared_ptr<Owners> m_owners;
    QSslSocket *m_socket = nullptr;
    QTimer m_deadline, m_retry;
    QElapsedTimer m_since;
    int m_pause;
    bool m_up = false;          // the host has introduced itself
    bool m_known = false;       // Qt has this device
    bool m_passing = false;
    QByteArray m_in;            // [m_at, m_whole) is for Qt, what follows is the beginning of a packet
    int m_at = 0, m_whole = 0;
    quint64 m_taken = 0;
    QHash<QString, int> m_pings;    // who sends heartbeats, and which has no answer yet
    int m_serial = 0;
};

// ---- the host's side

class Listener : public QTcpServer
{
public:
    Listener(QRemoteObjectHostBase *host, const Tls &tls) : m_host(host), m_tls(tls) {}

    // The host destroys its children in the order of their coming. Its sources bid the connections farewell when they
    // go, so these have to go later: this is called when the host has its URL, and with it what holds the sources.
    void attach() { setParent(m_host); }

    ~Listener() override
    {
        const auto sockets = findChildren<QSslSocket *>();
        for (QSslSocket *s : sockets) {
            s->disconnect(this);
            s->disconnectFromHost();    // sends what is left, as far as it goes
        }
    }

protected:
    void incomingConnection(qintptr descriptor) override
    {
        auto *s = new QSslSocket(this);
        QSslConfiguration c;
        QString why;
        if (!s->setSocketDescriptor(descriptor))
            return delete s;
        m_unfinished.insert(s, QStringLiteral("tls://%1:%2").arg(s->peerAddress().toString()).arg(s->peerPort()));
        if (m_unfinished.size() > m_tls.maxUnfinished)
            return refuse(s, QStringLiteral("%1 handshakes are under way already").arg(m_tls.maxUnfinished));
        if (!settings(m_tls, &c, &why))
            return refuse(s, why);
        tune(s);
        s->setSslConfiguration(c);
        QObject::connect(s, QOverload<const QList<QSslError> &>::of(&QSslSocket::sslErrors), this,
                         [this, s](const QList<QSslError> &errors) { refuse(s, explain(errors.first())); });
        QObject::connect(s, &QSslSocket::errorOccurred, this, [this, s] { refuse(s, explain(s, false)); });
        QObject::connect(s, &QSslSocket::disconnected, this, [this, s] { refuse(s, explain(s, false)); });
        QObject::connect(s, &QSslSocket::encrypted, this, [this, s] { finish(s); });
        QTimer::singleShot(m_tls.handshakeTimeout, s, [this, s] { refuse(s, QStringLiteral("the handshake took too long")); });
        s->startServerEncryption();
    }

private:
    void finish(QSslSocket *s)
    {
        const QString why = judge(m_tls, s->peerCertificate(), QString());
        if (!why.isEmpty())
            return refuse(s, why);
        m_unfinished.remove(s);
        s->disconnect(this);
        m_host->addHostSideConnection(s);
        // Up to 6.4 at least, what Qt has just wrapped around the socket does not hear that the socket has been
        // disconnected: Qt would go on writing to it, and a registry would keep what the client has entered.
        const QObjectList children = m_host->children();
        if (!children.isEmpty() && children.last()->metaObject()->indexOfSignal("disconnected()") >= 0)
            QObject::connect(s, SIGNAL(disconnected()), children.last(), SIGNAL(disconnected()), Qt::UniqueConnection);
        QObject::connect(s, &QSslSocket::disconnected, s, &QObject::deleteLater);
    }

    void refuse(QSslSocket *s, const QString &why)
    {
        const QString from = m_unfinished.take(s);
        if (from.isEmpty())
            return;     // it is through
        s->disconnect(this);
        s->deleteLater();
        report(m_tls, from, why);
    }

    QRemoteObjectHostBase *const m_host;
    const Tls m_tls;
    QHash<QSslSocket *, QString> m_unfinished;      // and where they come from
};

#if QT_VERSION >= QT_VERSION_CHECK(6, 0, 0)
// A registry must have a URL of a kind that is built in, so there is one for tls:// that does nothing: the Listener is who
// listens. Once there, it is the one that all hosts of the process have to use.
class BuiltIn : public QConnectionAbstractServer
{
public:
    using QConnectionAbstractServer::QConnectionAbstractServer;
    static bool &wanted() { static thread_local bool yes = false; return yes; }  // or else nobody listens at all
    bool listen(const QUrl &url) override { m_url = url; return wanted(); }
    QUrl address() const override { return m_url; }
    bool hasPendingConnections() const override { return false; }
    QAbstractSocket::SocketError serverError() const override { return QAbstractSocket::UnsupportedSocketOperationError; }
    void close() override {}

protected:
    QtROServerIoDevice *configureNewConnection() override { return nullptr; }

private:
    QUrl m_url;
};
#endif

// setUrl gives the host the URL that it is known by. An empty URL is returned after an error has been reported.
inline QUrl listen(QRemoteObjectHostBase *host, const QUrl &url, const Tls &tls, QUrl announce,
                   const std::function<bool(const QUrl &)> &setUrl)
{
    const auto fail = [&](const QString &why) { report(tls, url.toString(), why); return QUrl(); };
    QSslConfiguration unused;
    QString why;
    if (announce.isEmpty())
        announce = url;
    QHostAddress address(url.host());
    const bool everywhere = url.host().isEmpty() || address == QHostAddress::AnyIPv4 || address == QHostAddress::AnyIPv6;
    if (url.scheme() != QLatin1String("tls") || announce.scheme() != url.scheme() || url.port() < 0)
        return fail(QStringLiteral("the URL to listen at is of the form tls://host:port"));
    if (everywhere && announce == url)
        return fail(QStringLiteral("a host that listens everywhere has to announce where it can be reached"));
    if (!settings(tls, &unused, &why))
        return fail(why);
    if (url.host().isEmpty())
        address = QHostAddress::Any;
    else if (address.isNull())
        address = QHostInfo::fromName(url.host()).addresses().value(0);
    if (address.isNull())
        return fail(QStringLiteral("there is no address for ") + url.host());
    std::unique_ptr<Listener> listener(new Listener(host, tls));
    if (!listener->listen(address, quint16(url.port())))
        return fail(QStringLiteral("cannot listen: ") + listener->errorString());
    if (announce.port() < 1)
        announce.setPort(listener->serverPort());
    if (!setUrl(announce))
        return fail(QStringLiteral("the host does not take the URL; it must not have another one"));
    listener.release()->attach();
    return announce;
}

} // namespace detail

// useTls lets a node reach tls:// URLs: those given to connectToNode and setRegistryUrl after this call, and those that the
// registry announces. A lost connection is dialed again for as long as the node lives. Returns false, with an error reported
// and all URLs still refused by Qt, if the settings are of no use.
inline bool useTls(QRemoteObjectNode *node, const Tls &tls)
{
    QSslConfiguration unused;
    QString why;
    if (!detail::settings(tls, &unused, &why))
        return detail::report(tls, QStringLiteral("tls:"), why), false;
    const auto owners = std::make_shared<detail::Link::Owners>();
    node->registerExternalSchema(QStringLiteral("tls"), [node, tls, owners](const QUrl &url) { new detail::Link(node, url, tls, owners); });
    if (!tls.plaintextToo) {    // a handler has precedence over what Qt has built in
        node->registerExternalSchema(QStringLiteral("tcp"), [tls](const QUrl &url) {
            detail::report(tls, url.toString(), QStringLiteral("not connected: this node uses tls:// only"));
        });
    }
    return true;
}

// listenTls makes a host, which must not have a URL yet, listen at a tls:// URL. Returns the URL that it announces to the
// registry, with the real port if port 0 was asked for, or an empty one, with an error reported. Call setRegistryUrl and
// enableRemoting after it. announce is where others reach this host, if that is not at url; its port may be 0, too.
inline QUrl listenTls(QRemoteObjectHost *host, const QUrl &url, const Tls &tls, const QUrl &announce = QUrl())
{
    return detail::listen(host, url, tls, announce, [host](const QUrl &as) {
#if QT_VERSION >= QT_VERSION_CHECK(6, 0, 0)
        if (QtROServerFactory::instance()->isValid(as)) {
            const QScopedValueRollback<bool> now(detail::BuiltIn::wanted(), true);
            return host->setHostUrl(as);
        }
#endif
        return host->setHostUrl(as, QRemoteObjectHostBase::AllowExternalRegistration);
    });
}

// TlsRegistryHost is a registry that listens at a tls:// URL, and nowhere else. Qt's own class insists on a URL of a kind
// that is built in.
class TlsRegistryHost : public QRemoteObjectRegistryHost
{
public:
    explicit TlsRegistryHost(QObject *parent = nullptr) : QRemoteObjectRegistryHost(QUrl(), parent) {}

    // listenTls is like that for hosts.
    QUrl listenTls(const QUrl &url, const Tls &tls, const QUrl &announce = QUrl())
    {
        return detail::listen(this, url, tls, announce, [this](const QUrl &as) {
#if QT_VERSION >= QT_VERSION_CHECK(6, 0, 0)
            qRegisterRemoteObjectsServer<detail::BuiltIn>(QStringLiteral("tls"));
            const QScopedValueRollback<bool> now(detail::BuiltIn::wanted(), true);
#endif
            return setRegistryUrl(as);
        });
    }

#if QT_VERSION < QT_VERSION_CHECK(6, 0, 0)
protected:
    bool setHostUrl(const QUrl &url, AllowedSchemas) override     // setRegistryUrl comes through here
    {
        return QRemoteObjectRegistryHost::setHostUrl(url, AllowExternalRegistration);
    }
#endif
};

} // namespace qtro
