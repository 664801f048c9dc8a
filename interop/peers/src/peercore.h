// Shared parts of the Qt peers: JSON <-> QVariant, JSON-lines events, stdin
// commands, generic signal spying, external devices.  Builds with Qt 5.15 and 6.x.
#pragma once

#include <QtCore>
#include <QtNetwork>
#include <QtRemoteObjects>
#include <functional>
#include "qtrotls.h"

namespace peer {

// ---- values -------------------------------------------------------------
QVariant makeVariant(int typeId, const void *copy = nullptr);
QByteArray toJson(const QVariant &v);           // exact integers, own writer
QByteArray quote(const QString &s);
QVariant fromJson(const QJsonValue &j, int typeId);
QJsonValue parseJson(const QByteArray &text, bool *ok = nullptr);
QVariant argVariant(int typeId, const void *data);

using FromJson = std::function<QVariant(const QJsonValue &)>;
QHash<int, FromJson> &converters();
using ToJson = std::function<QByteArray(const QVariant &)>;
QHash<int, ToJson> &printers();

template <typename T> void registerStreams(const char *name)
{
#if QT_VERSION < QT_VERSION_CHECK(6, 0, 0)
    qRegisterMetaType<T>(name);
    qRegisterMetaTypeStreamOperators<T>(name);
#else
    Q_UNUSED(name)
    qRegisterMetaType<T>();
#endif
}

// QFlags: an int in JSON
template <typename F> void registerFlags(const char *name)
{
    registerStreams<F>(name);
    printers()[qMetaTypeId<F>()] = [](const QVariant &v) { return QByteArray::number(int(v.value<F>())); };
    converters()[qMetaTypeId<F>()] = [](const QJsonValue &j) { return QVariant::fromValue(F(QFlag(j.toInt()))); };
}

template <typename L> void registerList(const char *name)
{
    registerStreams<L>(name);
    converters()[qMetaTypeId<L>()] = [](const QJsonValue &j) {
        using V = typename L::value_type;
        L out;
        for (const QJsonValue &e : j.toArray())
            out.append(fromJson(e, qMetaTypeId<V>()).template value<V>());
        return QVariant::fromValue(out);
    };
}

template <typename M> void registerMap(const char *name)
{
    registerStreams<M>(name);
    converters()[qMetaTypeId<M>()] = [](const QJsonValue &j) {
        using K = typename M::key_type;
        using V = typename M::mapped_type;
        M out;
        const QJsonObject o = j.toObject();
        for (auto it = o.begin(); it != o.end(); ++it)      // numeric keys come as text
            out.insert(QVariant(it.key()).template value<K>(), fromJson(it.value(), qMetaTypeId<V>()).template value<V>());
        return QVariant::fromValue(out);
    };
}

// Registers types before the program does anything: static Registered types([] { registerList<QList<Dot>>("QList<Dot>"); });
struct Registered
{
    template <typename F> explicit Registered(F f) { f(); }
};

// ---- events -------------------------------------------------------------
class Event
{
public:
    explicit Event(const char *name);
    ~Event();                                   // writes the line
    Event &str(const char *key, const QString &v);
    Event &raw(const char *key, const QByteArray &json);
    Event &num(const char *key, qint64 v);
    Event &boolean(const char *key, bool v);
    Event &var(const char *key, const QVariant &v);
private:
    QByteArray m_line;
};

// ---- stdin --------------------------------------------------------------
class Commands : public QObject
{
public:
    using Handler = std::function<void(const QString &word, const QString &rest)>;
    explicit Commands(Handler h);
    static QString takeWord(QString &rest);
private:
    void readMore();
    Handler m_handler;
    QByteArray m_buffer;
    QSocketNotifier m_notifier;
};

// ---- signals ------------------------------------------------------------
class Spy : public QObject
{
public:
    using Handler = std::function<void(const QMetaMethod &m, const QVariantList &args)>;
    void watch(QObject *o, const QMetaMethod &m, Handler h, bool decode = true);
    void watchAll(QObject *o, int fromMethod, std::function<void(QObject *, const QMetaMethod &, const QVariantList &)> h);
    int qt_metacall(QMetaObject::Call c, int id, void **a) override;
private:
    struct Entry { QMetaMethod method; Handler handler; bool decode; };
    QList<Entry> m_entries;
};

// ---- signals and slots from stdin
// The index of a method, from one on, that takes so many arguments: the one with a signature such as "note(int)", or the first with
// a bare name. -1 if there is none.
int findMethod(const QMetaObject *mo, int from, bool isSignal, const QString &name, int args);
// A method's arguments, as qt_metacall takes them.
struct Arguments
{
    Arguments(const QMetaMethod &m, const QJsonArray &args);
    QVariantList values;
    void *argv[12] = {};
};
bool emitSignal(QObject *o, const QString &name, const QJsonArray &args, QString *error);

// ---- external devices: plain TCP sockets that Qt Remote Objects is handed, as a user would with TLS ones
class ExternalServer : public QTcpServer
{
public:
    explicit ExternalServer(std::function<void(QIODevice *)> onReady, QObject *parent = nullptr);
};
void externalConnect(const QUrl &url, QObject *parent, std::function<void(QIODevice *)> onReady);

// ---- tls:// URLs
void addTlsOptions(QCommandLineParser &cl);
qtro::Tls tlsOf(const QCommandLineParser &cl);      // errors become events
bool wantsTls(const QCommandLineParser &cl);

void quietExit(int code);
QString stateName(int s);

} // namespace peer
