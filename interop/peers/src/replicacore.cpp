#include "replicacore.h"

#include <unistd.h>

namespace peer {

class Watcher : public QObject
{
public:
    Watcher(QCoreApplication &app, const QMap<QString, Typed> &typed) : m_app(app), m_typed(typed) {}
    int run();
private:
    void acquire(const QString &spec);
    void describe(QRemoteObjectReplica *r, const QString &name);
    void attach(QObject *o, const QString &path);
    void attachChildren(QObject *o, const QString &path);
    void attachModel(QAbstractItemModelReplica *m, const QString &name);
    void command(const QString &word, const QString &line);
    QObject *target(QString &dotted, QString *path = nullptr);
    QAbstractItemModelReplica *model(const QString &name);
    QByteArray modelJson(QAbstractItemModel *m, const QList<int> &roles, const QModelIndex &p = {});
    bool complete(QAbstractItemModelReplica *m, const QList<int> &roles, const QModelIndex &p = {});

    QCoreApplication &m_app;
    const QMap<QString, Typed> &m_typed;
    QCommandLineParser cl;
    std::unique_ptr<QRemoteObjectNode> m_node;
    QMap<QString, QRemoteObjectReplica *> m_replicas;
    QMap<QString, QAbstractItemModelReplica *> m_models;
    QSet<QObject *> m_attached;
    QString m_first;
    Spy m_spy;
    int m_calls = 0;
};

static void fail(const QString &what) { Event("error").str("what", what); }

void Watcher::attachModel(QAbstractItemModelReplica *m, const QString &name)
{
    m_models[name] = m;
    if (m_attached.contains(m))
        return;
    m_attached.insert(m);
    connect(m, &QObject::destroyed, this, [this, m, name] {
        m_attached.remove(m);
        if (m_models.value(name) == m)
            m_models.remove(name);
    });
    connect(m, &QAbstractItemModelReplica::initialized, this, [this, m, name] {
        QByteArray roles = "{";
        const auto names = m->roleNames();
        QList<int> keys = names.keys();
        std::sort(keys.begin(), keys.end());
        for (int k : keys)
            roles += (roles.size() > 1 ? "," : "") + quote(QString::number(k)) + ':' + quote(QString::fromUtf8(names[k]));
        const auto avail = m->availableRoles();
        QVariantList av;
        for (int a : avail)
            av << a;
        Event("modelinit").str("model", name).num("rows", m->rowCount()).num("columns", m->columnCount())
            .raw("roleNames", roles + '}').var("availableRoles", av);
    });
    auto idx = [](const QModelIndex &i) {
        QByteArray out;
        for (QModelIndex k = i; k.isValid(); k = k.parent())
            out = '[' + QByteArray::number(k.row()) + ',' + QByteArray::number(k.column()) + ']' + (out.isEmpty() ? "" : ",") + out;
        return '[' + out + ']';
    };
    connect(m, &QAbstractItemModel::dataChanged, this, [name, idx](const QModelIndex &a, const QModelIndex &b, const auto &roles) {
        QVariantList r;
        for (int x : roles)
            r << x;
        Event("dataChanged").str("model", name).raw("from", idx(a)).raw("to", idx(b)).var("roles", r);
    });
    connect(m, &QAbstractItemModel::rowsInserted, this, [name, idx](const QModelIndex &p, int a, int b) {
        Event("rowsInserted").str("model", name).raw("parent", idx(p)).num("first", a).num("last", b); });
    connect(m, &QAbstractItemModel::rowsRemoved, this, [name, idx](const QModelIndex &p, int a, int b) {
        Event("rowsRemoved").str("model", name).raw("parent", idx(p)).num("first", a).num("last", b); });
    connect(m, &QAbstractItemModel::rowsMoved, this, [name, idx](const QModelIndex &p, int a, int b, const QModelIndex &d, int to) {
        Event("rowsMoved").str("model", name).raw("parent", idx(p)).num("first", a).num("last", b).raw("dest", idx(d)).num("to", to); });
    connect(m, &QAbstractItemModel::columnsInserted, this, [name, idx](const QModelIndex &p, int a, int b) {
        Event("columnsInserted").str("model", name).raw("parent", idx(p)).num("first", a).num("last", b); });
    connect(m, &QAbstractItemModel::modelReset, this, [name] { Event("modelReset").str("model", name); });
    connect(m, &QAbstractItemModel::layoutChanged, this, [name] { Event("layoutChanged").str("model", name); });
    connect(m, &QAbstractItemModel::headerDataChanged, this, [name](Qt::Orientation o, int a, int b) {
        Event("headerDataChanged").str("model", name).num("orientation", int(o)).num("first", a).num("last", b); });
    if (m->selectionModel()) {
        connect(m->selectionModel(), &QItemSelectionModel::currentChanged, this, [name, idx](const QModelIndex &c, const QModelIndex &p) {
            Event("currentChanged").str("model", name).raw("current", idx(c)).raw("previous", idx(p)); });
    }
}

void Watcher::attachChildren(QObject *o, const QString &path)
{
    const QMetaObject *mo = o->metaObject();
    for (int i = QRemoteObjectReplica::staticMetaObject.propertyCount(); i < mo->propertyCount(); ++i) {
        const QMetaProperty p = mo->property(i);
        if (!(QMetaType(p.userType()).flags() & QMetaType::PointerToQObject))
            continue;
        QObject *c = p.read(o).value<QObject *>();
        const QString sub = path + '.' + p.name();
        if (auto *m = qobject_cast<QAbstractItemModelReplica *>(c))
            attachModel(m, sub);
        else if (c)
            attach(c, sub);
    }
}

void Watcher::attach(QObject *o, const QString &path)
{
    if (m_attached.contains(o))
        return;
    m_attached.insert(o);
    connect(o, &QObject::destroyed, this, [this, o] { m_attached.remove(o); });
    m_spy.watchAll(o, QRemoteObjectReplica::staticMetaObject.methodCount(), [this, path](QObject *obj, const QMetaMethod &m, const QVariantList &args) {
        const QMetaObject *mo = obj->metaObject();
        for (int i = QRemoteObjectReplica::staticMetaObject.propertyCount(); i < mo->propertyCount(); ++i) {
            const QMetaProperty p = mo->property(i);
            if (p.hasNotifySignal() && p.notifySignal().methodIndex() == m.methodIndex()) {
                Event("changed").str("object", path).str("prop", p.name()).var("value", p.read(obj));
                if (QMetaType(p.userType()).flags() & QMetaType::PointerToQObject)
                    attachChildren(obj, path);
                return;
            }
        }
        Event("signal").str("object", path).str("signal", QString::fromLatin1(m.methodSignature())).var("args", args);
    });
    attachChildren(o, path);
}

void Watcher::describe(QRemoteObjectReplica *r, const QString &name)
{
    const QMetaObject *mo = r->metaObject();
    QByteArray props = "{", types = "{", api = "[";
    for (int i = QRemoteObjectReplica::staticMetaObject.propertyCount(); i < mo->propertyCount(); ++i) {
        const QMetaProperty p = mo->property(i);
        const QVariant v = p.read(r);
        props += (props.size() > 1 ? "," : "") + quote(p.name()) + ':' + toJson(v);
        QString t = p.typeName();
        if (t == "QVariant")
            t += '/' + QString::fromLatin1(v.typeName());
        types += (types.size() > 1 ? "," : "") + quote(p.name()) + ':' + quote(t);
    }
    for (int i = QRemoteObjectReplica::staticMetaObject.methodCount(); i < mo->methodCount(); ++i) {
        const QMetaMethod m = mo->method(i);
        api += (api.size() > 1 ? "," : "") + quote(QString("%1 %2 %3").arg(m.methodType() == QMetaMethod::Signal ? "signal" : "slot",
                   m.typeName(), QString::fromLatin1(m.methodSignature())));
    }
    Event("init").str("object", name).str("class", mo->className()).raw("props", props + '}').raw("types", types + '}').raw("api", api + ']');
}

void Watcher::acquire(const QString &spec)
{
    // NAME | NAME:typed | NAME:dynamic | NAME:model | NAME:as=CLASS
    const QString name = spec.section(':', 0, 0);
    QString how = spec.section(':', 1);
    if (how.isEmpty())
        how = cl.isSet("dynamic") ? "dynamic" : cl.isSet("model") ? "model" : "typed";
    if (m_first.isEmpty())
        m_first = name;
    if (how == "model") {
        const auto action = cl.isSet("prefetch") ? QtRemoteObjects::PrefetchData : QtRemoteObjects::FetchRootSize;
        QVector<int> hints;
        for (const QString &s : cl.value("roles").split(',', Qt::SkipEmptyParts))
            hints << s.toInt();
        attachModel(m_node->acquireModel(name, action, hints), name);
        return;
    }
    QRemoteObjectReplica *r = nullptr;
    if (how == "dynamic") {
        r = m_node->acquireDynamic(name);
    } else {
        const QString cls = how.startsWith("as=") ? how.mid(3) : name;
        if (!m_typed.contains(cls))
            return fail("no typed replica " + cls);
        r = m_typed[cls](m_node.get(), name);
    }
    m_replicas[name] = r;
    connect(r, &QRemoteObjectReplica::stateChanged, this, [name](QRemoteObjectReplica::State s, QRemoteObjectReplica::State old) {
        Event("state").str("object", name).str("state", stateName(s)).str("old", stateName(old));
    });
    connect(r, &QRemoteObjectReplica::notified, this, [name] { Event("notified").str("object", name); });
    const bool dynamic = how == "dynamic";
    connect(r, &QRemoteObjectReplica::initialized, this, [this, r, name, dynamic] {
        describe(r, name);
        dynamic ? attach(r, name) : attachChildren(r, name);
    });
    if (!dynamic)
        attach(r, name);
    Event("acquired").str("object", name).str("how", how).str("state", stateName(r->state()));
    if (r->state() == QRemoteObjectReplica::SignatureMismatch)
        Event("state").str("object", name).str("state", "SignatureMismatch").str("old", "");
}

QObject *Watcher::target(QString &dotted, QString *path)     // [OBJ.[CHILD.]]member
{
    QStringList parts = dotted.split('.');
    dotted = parts.takeLast();
    const QString name = parts.isEmpty() || !m_replicas.contains(parts.first()) ? m_first : parts.takeFirst();
    QObject *o = m_replicas.value(name);
    if (!o) {
        fail("no replica " + name);
        return nullptr;
    }
    if (path)
        *path = name;
    for (const QString &p : parts) {
        o = o->property(p.toLatin1()).value<QObject *>();
        if (!o) {
            fail("no child " + p);
            return nullptr;
        }
        if (path)
            *path += '.' + p;
    }
    return o;
}

QAbstractItemModelReplica *Watcher::model(const QString &name)
{
    auto *m = m_models.value(name.isEmpty() && !m_models.isEmpty() ? m_models.firstKey() : name);
    if (!m)
        fail("no model " + name);
    return m;
}

QByteArray Watcher::modelJson(QAbstractItemModel *m, const QList<int> &roles, const QModelIndex &p)
{
    QByteArray out = "[";
    for (int r = 0; r < m->rowCount(p); ++r) {
        out += r ? ",{\"cells\":[" : "{\"cells\":[";
        for (int c = 0; c < m->columnCount(p); ++c) {
            out += c ? ",{" : "{";
            for (int k = 0; k < roles.size(); ++k)
                out += (k ? "," : "") + quote(QString::number(roles[k])) + ':' + toJson(m->index(r, c, p).data(roles[k]));
            out += '}';
        }
        out += "]";
        const QModelIndex first = m->index(r, 0, p);
        if (m->hasChildren(first))
            out += ",\"children\":" + modelJson(m, roles, first);
        out += '}';
    }
    return out + ']';
}

bool Watcher::complete(QAbstractItemModelReplica *m, const QList<int> &roles, const QModelIndex &p)
{
    bool ok = true;
    for (int r = 0; r < m->rowCount(p); ++r) {
        for (int c = 0; c < m->columnCount(p); ++c) {
            const QModelIndex i = m->index(r, c, p);
            for (int role : roles) {
                if (!m->hasData(i, role)) {
                    i.data(role);
                    ok = false;
                }
            }
        }
        const QModelIndex first = m->index(r, 0, p);
        if (m->hasChildren(first) && (m->rowCount(first) == 0 || !complete(m, roles, first)))
            ok = false;
    }
    return ok;
}

void Watcher::command(const QString &word, const QString &line)
{
    QString rest = line;
    if (word == "call") {                           // call [OBJ.]SLOT [ARGS]: a name or a signature
        QString slot = Commands::takeWord(rest);
        const QString full = slot;
        QObject *o = target(slot);
        if (!o)
            return;
        bool ok = true;
        const QJsonArray args = (rest.isEmpty() ? QJsonValue(QJsonArray()) : parseJson(rest.toUtf8(), &ok)).toArray();
        if (!ok)
            return fail("bad JSON: " + rest);
        const int i = findMethod(o->metaObject(), QRemoteObjectReplica::staticMetaObject.methodCount(), false, slot, args.size());
        if (i < 0)
            return fail(QString("no slot %1 with %2 parameters").arg(full).arg(args.size()));
        const QMetaMethod m = o->metaObject()->method(i);
        Arguments a(m, args);
        QRemoteObjectPendingCall pending;
        const bool isVoid = qstrcmp(m.typeName(), "void") == 0 || !*m.typeName();
        if (!isVoid)
            a.argv[0] = &pending;                    // QRemoteObjectPendingReply<T> adds no members
        const int id = ++m_calls;
        Event("calling").str("slot", full).num("id", id).boolean("void", isVoid);
        o->qt_metacall(QMetaObject::InvokeMetaMethod, i, a.argv);
        if (!isVoid) {
            auto *w = new QRemoteObjectPendingCallWatcher(pending, this);
            connect(w, &QRemoteObjectPendingCallWatcher::finished, this, [full, id](QRemoteObjectPendingCallWatcher *self) {
                Event("reply").str("slot", full).num("id", id).num("error", int(self->error()))
                    .var("value", self->returnValue()).str("type", self->returnValue().typeName());
                self->deleteLater();
            });
        }
    } else if (word == "set") {                     // set [OBJ.]PROP JSON  (READWRITE: write, READPUSH: push slot)
        QString prop = Commands::takeWord(rest);
        const QString full = prop;
        QObject *o = target(prop);
        if (!o)
            return;
        bool ok;
        const QJsonValue j = parseJson(rest.toUtf8(), &ok);
        const int i = o->metaObject()->indexOfProperty(prop.toLatin1());
        if (!ok || i < 0)
            return fail("cannot set " + full);
        const QMetaProperty p = o->metaObject()->property(i);
        const QByteArray push = "push" + prop.left(1).toUpper().toLatin1() + prop.mid(1).toLatin1();
        const QMetaObject *mo = o->metaObject();
        for (int k = QRemoteObjectReplica::staticMetaObject.methodCount(); k < mo->methodCount(); ++k)
            if (mo->method(k).name() == push)
                return command("call", full.left(full.size() - prop.size()) + push + " [" + rest + "]");
        if (!p.isWritable())
            return fail(full + " is not writable");
        const QVariant v = fromJson(j, p.userType());
        Event("setting").str("prop", full).boolean("ok", p.write(o, v));
    } else if (word == "get") {                     // get [OBJ.]PROP
        QString prop = Commands::takeWord(rest);
        const QString full = prop;
        if (QObject *o = target(prop))
            Event("value").str("prop", full).var("value", o->property(prop.toLatin1()));
    } else if (word == "dump") {
        for (auto it = m_replicas.begin(); it != m_replicas.end(); ++it)
            describe(it.value(), it.key());
    } else if (word == "acquire") {
        acquire(rest);
    } else if (word == "release") {                 // delete the replica
        if (auto *r = m_replicas.take(rest)) {
            delete r;
            Event("released").str("object", rest);
        } else if (auto *m = m_models.take(rest)) {
            delete m;
            Event("released").str("object", rest);
        }
    } else if (word == "modelget" || word == "modelfetch") {   // modelget NAME [ROLES]
        const QString name = Commands::takeWord(rest);
        auto *m = model(name);
        if (!m)
            return;
        QList<int> roles;
        for (const QJsonValue &e : parseJson(rest.isEmpty() ? "[0]" : rest.toUtf8()).toArray())
            roles << e.toInt();
        bool done = complete(m, roles);
        if (word == "modelfetch") {
            QElapsedTimer t;
            t.start();
            while (!done && t.elapsed() < 3000) {
                QEventLoop loop;
                QTimer::singleShot(20, &loop, &QEventLoop::quit);
                loop.exec();
                done = complete(m, roles);
            }
        }
        Event("contents").str("model", name).num("rows", m->rowCount()).num("columns", m->columnCount())
            .boolean("complete", done).raw("data", modelJson(m, roles));
    } else if (word == "modelset") {                // modelset NAME [path|row, column, role, value]
        const QString name = Commands::takeWord(rest);
        auto *m = model(name);
        const QJsonArray a = parseJson(rest.toUtf8()).toArray();
        if (!m)
            return;
        QModelIndex i;
        if (a.at(0).isArray()) {
            const QJsonArray p = a.at(0).toArray();
            for (int k = 0; k < p.size(); ++k)
                i = m->index(p.at(k).toInt(), k == p.size() - 1 ? a.at(1).toInt() : 0, i);
        } else {
            i = m->index(a.at(0).toInt(), a.at(1).toInt());
        }
        Event("modelset").str("model", name).boolean("ok", m->setData(i, fromJson(a.at(3), QMetaType::QVariant), a.at(2).toInt()));
    } else if (word == "header") {                  // header NAME [section, orientation, role]
        const QString name = Commands::takeWord(rest);
        const QJsonArray a = parseJson(rest.toUtf8()).toArray();
        if (auto *m = model(name))
            Event("header").str("model", name).num("section", a.at(0).toInt())
                .var("value", m->headerData(a.at(0).toInt(), Qt::Orientation(a.at(1).toInt()), a.at(2).toInt(0)));
    } else if (word == "select") {                  // select NAME [row, column]
        const QString name = Commands::takeWord(rest);
        const QJsonArray a = parseJson(rest.toUtf8()).toArray();
        if (auto *m = model(name))
            m->selectionModel()->setCurrentIndex(m->index(a.at(0).toInt(), a.at(1).toInt()), QItemSelectionModel::ClearAndSelect);
    } else if (word == "heartbeat") {
        m_node->setHeartbeatInterval(rest.toInt());
    } else if (word == "wait") {                    // wait MS: hold back the following commands
        QEventLoop loop;
        QTimer::singleShot(rest.toInt(), &loop, &QEventLoop::quit);
        loop.exec();
        Event("waited").num("ms", rest.toInt());
    } else {
        fail("unknown command " + word);
    }
}

int Watcher::run()
{
    cl.addHelpOption();
    addTlsOptions(cl);
    cl.addOptions({{"connect", "source node address (exttcp: a socket of our own); may be repeated", "URL"},
                   {"registry", "find the sources through this registry", "URL"},
                   {"acquire", "NAME, NAME:typed, NAME:dynamic, NAME:model or NAME:as=CLASS; may be repeated", "SPEC"},
                   {"typed", "acquire with the compiled class (default)"},
                   {"dynamic", "acquire dynamically"},
                   {"model", "acquire as a model"},
                   {"prefetch", "model: PrefetchData (default FetchRootSize)"},
                   {"roles", "model: role hints", "ROLES"},
                   {"heartbeat", "heartbeat interval", "MS"},
                   {"host", "make the node a host listening on URL", "URL"}});
    cl.process(m_app);

    const QUrl hostUrl(cl.value("host"));
    if (hostUrl.scheme() == "tls") {
        auto *host = new QRemoteObjectHost;
        m_node.reset(host);
        if (qtro::listenTls(host, hostUrl, tlsOf(cl)).isEmpty())
            return 1;
    } else if (cl.isSet("host")) {
        m_node.reset(new QRemoteObjectHost(hostUrl));
    } else {
        m_node.reset(new QRemoteObjectNode);
    }
    if (wantsTls(cl) && !qtro::useTls(m_node.get(), tlsOf(cl)))
        return 1;
    connect(m_node.get(), &QRemoteObjectNode::error, this, [](QRemoteObjectNode::ErrorCode e) { Event("nodeerror").num("code", int(e)); });
    if (cl.isSet("heartbeat"))
        m_node->setHeartbeatInterval(cl.value("heartbeat").toInt());
    const auto external = [this](const QUrl &u) {
        externalConnect(u, this, [this](QIODevice *d) { m_node->addClientSideConnection(d); });
    };
    m_node->registerExternalSchema("exttcp", external);
    if (cl.isSet("registry")) {
        m_node->setRegistryUrl(QUrl(cl.value("registry")));
        connect(m_node->registry(), &QRemoteObjectRegistry::remoteObjectAdded, this, [](const QRemoteObjectSourceLocation &l) {
            Event("remoteObjectAdded").str("name", l.first).str("type", l.second.typeName).str("url", l.second.hostUrl.toString()); });
        connect(m_node->registry(), &QRemoteObjectRegistry::remoteObjectRemoved, this, [](const QRemoteObjectSourceLocation &l) {
            Event("remoteObjectRemoved").str("name", l.first).str("type", l.second.typeName).str("url", l.second.hostUrl.toString()); });
        connect(m_node->registry(), &QRemoteObjectRegistry::stateChanged, this, [this](QRemoteObjectReplica::State s) {
            Event("registry").str("state", stateName(s))
                .var("locations", QVariant::fromValue(m_node->registry()->sourceLocations()));
        });
    }
    for (const QString &text : cl.values("connect")) {
        const QUrl u(text);
        if (u.scheme() == "exttcp")
            external(u);
        else if (!m_node->connectToNode(u))
            fail("connectToNode failed: " + text);
    }
    for (const QString &s : cl.values("acquire"))
        acquire(s);
    Event("ready").str("qt", qVersion());
    Commands commands([this](const QString &w, const QString &l) { command(w, l); });
    const int rc = m_app.exec();
    while (!m_replicas.isEmpty())
        delete m_replicas.take(m_replicas.firstKey());
    while (!m_models.isEmpty())                 // models of a replica went with it
        delete m_models.take(m_models.firstKey());
    m_node.reset();
    fflush(stdout);
    _exit(rc);      // the meta objects of dynamic replicas went with the node, ~Spy would still use them
}

int runReplica(QCoreApplication &app, const QMap<QString, Typed> &typed)
{
    Watcher w(app, typed);
    return w.run();
}

} // namespace peer
