#include "hosted.h"

namespace peer {

bool LocalWrites::active = false;
static bool building = false;       // the values that objects start with are no news

void logSlot(const char *object, const char *slot, const QVariantList &args)
{
    Event("slot").str("object", object).str("slot", slot).var("args", args);
}

void logWrite(const char *object, const char *prop, const QVariant &v)
{
    if (building)
        return;
    Event("write").str("object", object).str("prop", prop).var("value", v).str("origin", LocalWrites::active ? "local" : "remote");
}

static QList<int> path(const QJsonValue &j)
{
    QList<int> out;
    for (const QJsonValue &e : j.toArray())
        out << e.toInt();
    return out;
}

static QList<QList<QVariantList>> rowsOf(const QJsonArray &a)   // rows -> columns -> roles
{
    QList<QList<QVariantList>> rows;
    for (const QJsonValue &r : a) {
        QList<QVariantList> row;
        for (const QJsonValue &c : r.toArray()) {
            QVariantList cell;
            if (c.isArray())
                for (const QJsonValue &v : c.toArray())
                    cell << fromJson(v, QMetaType::QVariant);
            else
                cell << fromJson(c, QMetaType::QVariant);
            row << cell;
        }
        rows << row;
    }
    return rows;
}

static void fail(const QString &what) { Event("error").str("what", what); }

// model NAME OP JSON-ARRAY
static void modelCommand(Hosted &h, const QString &op, const QJsonArray &a)
{
    NodeModel *m = h.model;
    if (op == "insert")             // [row, [[cell...]...], parentPath?]
        m->insert(a.at(0).toInt(), rowsOf(a.at(1).toArray()), h.roles, m->at(path(a.at(2))));
    else if (op == "remove")        // [row, count, parentPath?]
        m->remove(a.at(0).toInt(), a.at(1).toInt(), m->at(path(a.at(2))));
    else if (op == "move")          // [row, count, to]
        m->move(a.at(0).toInt(), a.at(1).toInt(), a.at(2).toInt());
    else if (op == "set")           // [path|row, column, role, value]
        m->setData(a.at(0).isArray() ? m->at(path(a.at(0)), a.at(1).toInt()) : m->index(a.at(0).toInt(), a.at(1).toInt()),
                   fromJson(a.at(3), QMetaType::QVariant), a.at(2).toInt());
    else if (op == "touch") {       // [row0,col0,row1,col1,[roles]]: bare dataChanged
        const QList<int> r = path(a.at(4));
        emit m->dataChanged(m->index(a.at(0).toInt(), a.at(1).toInt()), m->index(a.at(2).toInt(), a.at(3).toInt()),
#if QT_VERSION < QT_VERSION_CHECK(6, 0, 0)
                            r.toVector());
#else
                            r);
#endif
    } else if (op == "header")      // [section, orientation 1|2, text]
        m->setHeaderData(a.at(0).toInt(), Qt::Orientation(a.at(1).toInt()), fromJson(a.at(2), QMetaType::QVariant), Qt::EditRole);
    else if (op == "column")        // [index]
        m->addColumn(a.at(0).toInt());
    else if (op == "reset")         // [rows]
        m->reset(rowsOf(a.at(0).toArray()), h.roles);
    else if (op == "layout")        // []: reverses the rows
        m->reverse();
    else if (op == "select")        // [row, column]
        h.selection ? h.selection->setCurrentIndex(m->index(a.at(0).toInt(), a.at(1).toInt()), QItemSelectionModel::ClearAndSelect)
                    : fail("no selection model");
    else
        return fail("unknown model operation " + op);
    Event("model").str("name", h.name).str("op", op).num("rows", m->rowCount()).num("columns", m->columnCount());
}

int runHost(QCoreApplication &app, std::function<void(QList<Hosted> &)> build)
{
    QCommandLineParser cl;
    cl.addHelpOption();
    addTlsOptions(cl);
    cl.addOptions({{"url", "address to listen on (tcp://, tls://, local:, localabstract:, exttcp://)", "URL"},
                   {"external", "hand over the sockets of a TCP server at the URL's host and port (implied by exttcp)"},
                   {"announce", "external or tls: the host URL to announce instead of --url", "URL"},
                   {"registry", "registry to join", "URL"},
                   {"only", "enable only these objects (comma separated)", "NAMES"},
                   {"host-name", "name of the node", "NAME", "peerhost"}});
    cl.process(app);

    QUrl url(cl.value("url"));
    QRemoteObjectHost host;
    host.setName(cl.value("host-name"));
    QObject::connect(&host, &QRemoteObjectNode::error, &host, [](QRemoteObjectNode::ErrorCode e) {
        Event("nodeerror").num("code", int(e));
    });
    const bool external = cl.isSet("external") || url.scheme() == "exttcp";
    // The server owns the sockets and must outlive the host, which still uses them when it ends.
    auto *server = new ExternalServer([&host](QIODevice *d) { host.addHostSideConnection(d); }, &app);
    if (wantsTls(cl) && !qtro::useTls(&host, tlsOf(cl)))
        return 1;
    if (url.scheme() == "tls") {
        url = qtro::listenTls(&host, url, tlsOf(cl), QUrl(cl.value("announce")));
        if (url.isEmpty())
            return 1;
    } else if (external) {
        if (!server->listen(QHostAddress(url.host()), quint16(url.port())))
            return fail("cannot listen on " + url.toString() + ": " + server->errorString()), 1;
        const QUrl announced = cl.isSet("announce") ? QUrl(cl.value("announce")) : url;
        if (!host.setHostUrl(announced, QRemoteObjectHost::AllowExternalRegistration))
            return fail("setHostUrl failed"), 1;
    } else if (!host.setHostUrl(url)) {
        return fail("setHostUrl failed: error " + QString::number(int(host.lastError()))), 1;
    }
    if (cl.isSet("registry")) {
        if (!host.setRegistryUrl(QUrl(cl.value("registry"))))
            return fail("setRegistryUrl failed"), 1;
        QObject::connect(host.registry(), &QRemoteObjectRegistry::stateChanged, &host, [](QRemoteObjectReplica::State s) {
            Event("registry").str("state", stateName(s));
        });
    }

    QList<Hosted> all;
    building = true;
    build(all);
    building = false;
    const QStringList only = cl.value("only").split(',', Qt::SkipEmptyParts);
    Spy spy;
    for (Hosted &h : all) {
        if (!only.isEmpty() && !only.contains(h.name))
            continue;
        if (!h.enable(&host))
            Event("error").str("what", "enableRemoting failed").str("name", h.name);
        if (h.model) {
            QObject::connect(h.model, &NodeModel::written, &host, [name = h.name](const QModelIndex &i, const QVariant &v, int role) {
                Event("modelwrite").str("model", name).num("row", i.row()).num("column", i.column()).num("role", role)
                    .var("value", v).str("origin", LocalWrites::active ? "local" : "remote");
            });
        }
        if (h.selection) {
            QObject::connect(h.selection, &QItemSelectionModel::currentChanged, &host, [name = h.name](const QModelIndex &c, const QModelIndex &) {
                Event("current").str("model", name).num("row", c.row()).num("column", c.column());
            });
        }
    }

    auto find = [&all](const QString &name) -> Hosted * {
        for (Hosted &h : all)
            if (h.name == name)
                return &h;
        fail("no object " + name);
        return nullptr;
    };
    // OBJ.CHILD.CHILD.member: the object that has the member; "member" alone is the first object's
    auto target = [&all, find](const QString &dotted, QString *member) -> QObject * {
        QStringList parts = dotted.split('.');
        *member = parts.takeLast();
        Hosted *h = parts.isEmpty() ? &all.first() : find(parts.takeFirst());
        QObject *o = h ? h->object : nullptr;
        for (int i = 0; o && i < parts.size(); ++i) {
            o = o->property(parts.at(i).toLatin1()).value<QObject *>();
            if (!o)
                fail("no child " + parts.at(i));
        }
        return o;
    };

    Commands commands([&](const QString &word, const QString &line) {
        QString rest = line;
        if (word == "set") {                        // set [OBJ.[CHILD.]]PROP JSON
            const QString path = Commands::takeWord(rest);
            QString prop;
            QObject *o = target(path, &prop);
            bool ok;
            const QJsonValue j = parseJson(rest.toUtf8(), &ok);
            if (!o)
                return;
            if (!ok)
                return fail("bad JSON: " + rest);
            LocalWrites here;
            auto *settable = dynamic_cast<Settable *>(o);
            bool done = settable && settable->setSpecial(prop, j);
            const int i = o->metaObject()->indexOfProperty(prop.toLatin1());
            if (!done && i >= 0) {
                const QMetaProperty p = o->metaObject()->property(i);
                done = p.write(o, fromJson(j, p.userType()));
            }
            if (!done)
                return fail("cannot set " + path);
            Event("set").str("prop", path);
        } else if (word == "get") {                 // get [OBJ.[CHILD.]]PROP
            const QString path = Commands::takeWord(rest);
            QString prop;
            if (QObject *o = target(path, &prop))
                Event("value").str("prop", path).var("value", o->property(prop.toLatin1()));
        } else if (word == "emit") {                // emit [OBJ.[CHILD.]]SIGNAL [ARGS]: a name or a signature
            const QString path = Commands::takeWord(rest);
            QString sig;
            QObject *o = target(path, &sig);
            QString err;
            bool ok = true;
            const QJsonValue j = rest.isEmpty() ? QJsonValue(QJsonArray()) : parseJson(rest.toUtf8(), &ok);
            if (!o)
                return;
            if (!ok || !j.isArray())
                return fail("bad JSON: " + rest);
            if (!emitSignal(o, sig, j.toArray(), &err))
                return fail(err);
            Event("emitted").str("signal", path);
        } else if (word == "model") {               // model NAME OP [JSON]
            const QString name = Commands::takeWord(rest);
            const QString op = Commands::takeWord(rest);
            Hosted *h = find(name);
            if (!h)
                return;
            if (!h->model)
                return fail(name + " is not a model");
            LocalWrites here;
            modelCommand(*h, op, rest.isEmpty() ? QJsonArray() : parseJson(rest.toUtf8()).toArray());
        } else if (word == "disable") {
            if (Hosted *h = find(rest))
                Event("disabled").str("name", rest).boolean("ok", host.disableRemoting(h->object));
        } else if (word == "enable") {
            if (Hosted *h = find(rest))
                Event("enabled").str("name", rest).boolean("ok", h->enable(&host));
        } else {
            fail("unknown command " + word);
        }
    });

    {
        QByteArray names = "[";
        for (const Hosted &h : all)
            if (only.isEmpty() || only.contains(h.name))
                names += (names.size() > 1 ? "," : "") + quote(h.name);
        Event("ready").str("url", url.toString()).str("qt", qVersion()).raw("objects", names + ']').boolean("external", external);
    }
    return app.exec();
}

} // namespace peer
