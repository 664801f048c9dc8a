#include "peercore.h"

#include <cmath>
#include <cstdio>

namespace peer {

// ---------------------------------------------------------------- values
QVariant makeVariant(int typeId, const void *copy)
{
#if QT_VERSION < QT_VERSION_CHECK(6, 0, 0)
    return QVariant(typeId, copy);
#else
    return QVariant(QMetaType(typeId), copy);
#endif
}

QVariant argVariant(int typeId, const void *data)
{
    if (typeId == QMetaType::QVariant)
        return *static_cast<const QVariant *>(data);
    if (typeId == QMetaType::UnknownType)
        return QVariant();
    return makeVariant(typeId, data);
}

QHash<int, FromJson> &converters()
{
    static QHash<int, FromJson> table;
    return table;
}

QHash<int, ToJson> &printers()
{
    static QHash<int, ToJson> table;
    return table;
}

QByteArray quote(const QString &s)
{
    QByteArray out = "\"";
    const QList<uint> cps = s.toUcs4().toList();
    for (uint c : cps) {
        switch (c) {
        case '"': out += "\\\""; break;
        case '\\': out += "\\\\"; break;
        case '\n': out += "\\n"; break;
        case '\r': out += "\\r"; break;
        case '\t': out += "\\t"; break;
        default:
            if (c < 0x20) {
                char b[8];
                snprintf(b, sizeof b, "\\u%04x", c);
                out += b;
            } else {
                const char32_t u = c;
                out += QString::fromUcs4(&u, 1).toUtf8();
            }
        }
    }
    return out + '"';
}

static QByteArray number(double d)
{
    if (std::isnan(d))
        return "\"nan\"";
    if (std::isinf(d))
        return d > 0 ? "\"inf\"" : "\"-inf\"";
    if (d == std::floor(d) && std::fabs(d) < 1e15)
        return std::signbit(d) && d == 0 ? QByteArray("-0.0") : QByteArray::number(qint64(d));
    QByteArray b = QByteArray::number(d, 'g', 17);
    for (int p = 1; p < 17; ++p) {
        const QByteArray t = QByteArray::number(d, 'g', p);
        if (t.toDouble() == d) {
            b = t;
            break;
        }
    }
    return b;
}

static QByteArray pairs(std::initializer_list<std::pair<const char *, double>> l)
{
    QByteArray out = "{";
    for (auto &p : l) {
        if (out.size() > 1)
            out += ',';
        out += '"' + QByteArray(p.first) + "\":" + number(p.second);
    }
    return out + '}';
}

static QByteArray objectJson(QObject *o)
{
    if (!o)
        return "null";
    if (auto *m = qobject_cast<QAbstractItemModel *>(o))
        return "{\"$model\":\"" + QByteArray(m->metaObject()->className()) + "\"}";
    QByteArray out = "{\"$object\":" + quote(QString::fromLatin1(o->metaObject()->className()));
    const int base = qobject_cast<QRemoteObjectReplica *>(o) ? QRemoteObjectReplica::staticMetaObject.propertyCount() : 1;
    for (int i = base; i < o->metaObject()->propertyCount(); ++i) {
        const QMetaProperty p = o->metaObject()->property(i);
        out += ',' + quote(QString::fromLatin1(p.name())) + ':' + toJson(p.read(o));
    }
    return out + '}';
}

static QByteArray jsonText(const QJsonValue &j)
{
    if (j.isUndefined())
        return "null";
    const QByteArray array = QJsonDocument(QJsonArray{j}).toJson(QJsonDocument::Compact);
    return array.mid(1, array.size() - 2);
}

QByteArray toJson(const QVariant &v)
{
    if (!v.isValid())
        return "null";
    const int t = v.userType();
    if (printers().contains(t))
        return printers().value(t)(v);
    switch (t) {
    case QMetaType::QVariant: return toJson(*static_cast<const QVariant *>(v.constData()));   // Qt 5 dynamic replicas wrap
    case QMetaType::Bool: return v.toBool() ? "true" : "false";
    case QMetaType::Int: case QMetaType::Short: case QMetaType::SChar: case QMetaType::Char:
    case QMetaType::Long: case QMetaType::LongLong:
        return QByteArray::number(v.toLongLong());
    case QMetaType::UInt: case QMetaType::UShort: case QMetaType::UChar:
    case QMetaType::ULong: case QMetaType::ULongLong:
        return QByteArray::number(v.toULongLong());
    case QMetaType::Float: case QMetaType::Double: return number(v.toDouble());
    case QMetaType::QChar: return quote(QString(v.toChar()));
    case QMetaType::QString: {
        const QString s = v.toString();
        return s.isNull() ? QByteArray("null") : quote(s);
    }
    case QMetaType::QByteArray: {
        const QByteArray b = v.toByteArray();
        return b.isNull() ? QByteArray("null") : "{\"hex\":\"" + b.toHex() + "\"}";
    }
    case QMetaType::QDateTime: {
        const QDateTime d = v.toDateTime();
        return d.isValid() ? quote(d.toString(Qt::ISODateWithMs)) : QByteArray("\"\"");
    }
    case QMetaType::QDate: return quote(v.toDate().toString(Qt::ISODate));
    case QMetaType::QTime: return quote(v.toTime().toString(Qt::ISODateWithMs));
    case QMetaType::QUrl: return quote(QString::fromLatin1(v.toUrl().toEncoded()));
    case QMetaType::QUuid: return quote(v.toUuid().toString());
    case QMetaType::QPoint: { auto p = v.toPoint(); return pairs({{"x", p.x()}, {"y", p.y()}}); }
    case QMetaType::QPointF: { auto p = v.toPointF(); return pairs({{"x", p.x()}, {"y", p.y()}}); }
    case QMetaType::QSize: { auto p = v.toSize(); return pairs({{"w", p.width()}, {"h", p.height()}}); }
    case QMetaType::QSizeF: { auto p = v.toSizeF(); return pairs({{"w", p.width()}, {"h", p.height()}}); }
    case QMetaType::QRect: { auto r = v.toRect(); return pairs({{"x", r.x()}, {"y", r.y()}, {"w", r.width()}, {"h", r.height()}}); }
    case QMetaType::QRectF: { auto r = v.toRectF(); return pairs({{"x", r.x()}, {"y", r.y()}, {"w", r.width()}, {"h", r.height()}}); }
    case QMetaType::QLine: { auto r = v.toLine(); return pairs({{"x1", r.x1()}, {"y1", r.y1()}, {"x2", r.x2()}, {"y2", r.y2()}}); }
    case QMetaType::QLineF: { auto r = v.toLineF(); return pairs({{"x1", r.x1()}, {"y1", r.y1()}, {"x2", r.x2()}, {"y2", r.y2()}}); }
    case QMetaType::QLocale: return quote(v.toLocale().name());
    case QMetaType::QRegularExpression: {
        const auto e = v.toRegularExpression();
        return "{\"pattern\":" + quote(e.pattern()) + ",\"options\":" + QByteArray::number(int(e.patternOptions())) + '}';
    }
    case QMetaType::QBitArray: {
        const QBitArray bits = v.toBitArray();
        QByteArray out;
        for (int i = 0; i < int(bits.size()); ++i)
            out += bits.testBit(i) ? '1' : '0';
        return '"' + out + '"';
    }
    case QMetaType::QJsonValue: return jsonText(v.toJsonValue());
    case QMetaType::QJsonObject: return jsonText(v.toJsonObject());
    case QMetaType::QJsonArray: return jsonText(v.toJsonArray());
    case QMetaType::QJsonDocument: {
        const QByteArray text = v.toJsonDocument().toJson(QJsonDocument::Compact);
        return text.isEmpty() ? QByteArray("null") : text;
    }
    case QMetaType::QStringList: case QMetaType::QVariantList: case QMetaType::QByteArrayList: {
        QByteArray out = "[";
        if (t == QMetaType::QVariantList) {
            for (const QVariant &e : v.toList())
                out += toJson(e) + ',';
        } else if (t == QMetaType::QStringList) {
            for (const QString &e : v.toStringList())
                out += toJson(e) + ',';
        } else {
            for (const QByteArray &e : v.value<QByteArrayList>())
                out += toJson(e) + ',';
        }
        if (out.endsWith(','))
            out.chop(1);
        return out + ']';
    }
    case QMetaType::QVariantMap: case QMetaType::QVariantHash: {
        const QVariantMap m = t == QMetaType::QVariantMap ? v.toMap() : [&] {
            QVariantMap sorted;
            const QVariantHash h = v.toHash();
            for (auto it = h.begin(); it != h.end(); ++it)
                sorted.insert(it.key(), it.value());
            return sorted;
        }();
        QByteArray out = "{";
        for (auto it = m.begin(); it != m.end(); ++it) {
            if (out.size() > 1)
                out += ',';
            out += quote(it.key()) + ':' + toJson(it.value());
        }
        return out + '}';
    }
    default: break;
    }

    const QMetaType mt(t);
    const auto flags = mt.flags();
    if (flags & QMetaType::IsEnumeration) {
        switch (mt.sizeOf()) {
        case 1: return QByteArray::number(int(*static_cast<const qint8 *>(v.constData())));
        case 2: return QByteArray::number(int(*static_cast<const qint16 *>(v.constData())));
        default: return QByteArray::number(*static_cast<const qint32 *>(v.constData()));
        }
    }
    if (flags & QMetaType::PointerToQObject)
        return objectJson(v.value<QObject *>());
    if (flags & QMetaType::IsGadget) {
        const QMetaObject *mo = mt.metaObject();
        if (mo && mo->propertyCount()) {
            QByteArray out = "{";
            for (int i = 0; i < mo->propertyCount(); ++i) {
                if (i)
                    out += ',';
                out += quote(QString::fromLatin1(mo->property(i).name())) + ':'
                    + toJson(mo->property(i).readOnGadget(v.constData()));
            }
            return out + '}';
        }
    }
    const QByteArray name = mt.name();
    if (name == "QRemoteObjectSourceLocations" || name == "QHash<QString,QRemoteObjectSourceLocationInfo>") {
        const auto m = v.value<QRemoteObjectSourceLocations>();
        QStringList keys = m.keys();
        keys.sort();
        QByteArray out = "{";
        for (const QString &k : keys) {
            if (out.size() > 1)
                out += ',';
            out += quote(k) + ":{\"type\":" + quote(m[k].typeName) + ",\"url\":" + quote(m[k].hostUrl.toString()) + '}';
        }
        return out + '}';
    }
    if (name == "QtROSequentialContainer")       // private classes derived from these
        return toJson(*reinterpret_cast<const QVariantList *>(v.constData()));
    if (name == "QtROAssociativeContainer")
        return toJson(*reinterpret_cast<const QVariantMap *>(v.constData()));
    if (v.canConvert<QVariantMap>() && (name.contains("Map") || name.contains("Hash") || name.contains("Associative"))) {
        const auto it = v.value<QAssociativeIterable>();
        QByteArray out = "{";
        for (auto e = it.begin(); e != it.end(); ++e) {
            if (out.size() > 1)
                out += ',';
            out += quote(e.key().toString()) + ':' + toJson(e.value());
        }
        return out + '}';
    }
    if (v.canConvert<QVariantList>() && !name.startsWith("QPair") && !name.startsWith("std::pair")) {
        QByteArray out = "[";
        for (const QVariant &e : v.value<QSequentialIterable>()) {
            if (out.size() > 1)
                out += ',';
            out += toJson(e);
        }
        return out + ']';
    }
    return "{\"$type\":" + quote(QString::fromLatin1(name)) + '}';
}

QJsonValue parseJson(const QByteArray &text, bool *ok)
{
    QJsonParseError e;
    const QJsonDocument d = QJsonDocument::fromJson("[" + text + "]", &e);
    if (ok)
        *ok = e.error == QJsonParseError::NoError && d.array().size() == 1;
    return d.array().isEmpty() ? QJsonValue(QJsonValue::Undefined) : d.array().first();
}

static double num(const QJsonValue &j, const char *key, int pos)
{
    return j.isArray() ? j.toArray().at(pos).toDouble() : j.toObject().value(QLatin1String(key)).toDouble();
}

// 64-bit integers may be strings: Qt 5's JSON numbers are doubles.
static qint64 integer(const QJsonValue &j)
{
    return j.isString() ? j.toString().toLongLong() : j.toVariant().toLongLong();
}

static quint64 natural(const QJsonValue &j)
{
    return j.isString() ? j.toString().toULongLong() : j.toVariant().toULongLong();
}

static QJsonDocument document(const QJsonValue &j)
{
    return j.isArray() ? QJsonDocument(j.toArray()) : QJsonDocument(j.toObject());
}

QVariant fromJson(const QJsonValue &j, int t)
{
    const QJsonObject o = j.toObject();
    if (o.contains("$t")) {                     // {"$t":"QByteArray","v":...}: force a type
        const int forced =
#if QT_VERSION < QT_VERSION_CHECK(6, 0, 0)
            QMetaType::type(o.value("$t").toString().toLatin1());
#else
            QMetaType::fromName(o.value("$t").toString().toLatin1()).id();
#endif
        if (forced == QMetaType::UnknownType)
            return QVariant();
        return fromJson(o.value("v"), forced);
    }
    if (converters().contains(t))
        return converters().value(t)(j);
    switch (t) {
    case QMetaType::QVariant: case QMetaType::UnknownType: {
        if (o.contains("hex"))
            return QByteArray::fromHex(o.value("hex").toString().toLatin1());
        if (j.isDouble() && j.toDouble() == std::floor(j.toDouble()) && std::fabs(j.toDouble()) < 2147483648.0)
            return int(j.toDouble());
        if (j.isArray()) {
            QVariantList l;
            for (const QJsonValue &e : j.toArray())
                l.append(fromJson(e, QMetaType::QVariant));
            return l;
        }
        if (j.isObject()) {
            QVariantMap m;
            for (auto it = o.begin(); it != o.end(); ++it)
                m.insert(it.key(), fromJson(it.value(), QMetaType::QVariant));
            return m;
        }
        if (j.isNull())
            return QVariant();
        if (j.isString())
            return fromJson(j, QMetaType::QString);
        return j.toVariant();
    }
    case QMetaType::QVariantList: {
        QVariantList l;
        for (const QJsonValue &e : j.toArray())
            l.append(fromJson(e, QMetaType::QVariant));
        return l;
    }
    case QMetaType::QVariantMap: {
        QVariantMap m;
        for (auto it = o.begin(); it != o.end(); ++it)
            m.insert(it.key(), fromJson(it.value(), QMetaType::QVariant));
        return m;
    }
    case QMetaType::QVariantHash: {
        QVariantHash m;
        for (auto it = o.begin(); it != o.end(); ++it)
            m.insert(it.key(), fromJson(it.value(), QMetaType::QVariant));
        return m;
    }
    case QMetaType::QString: {
        const QString s = j.toVariant().toString();
        return j.isNull() ? QVariant(QString()) : QVariant(s.isEmpty() ? QString("") : s);
    }
    case QMetaType::QByteArray:
        if (j.isNull())
            return QByteArray();
        return o.contains("hex") ? QByteArray::fromHex(o.value("hex").toString().toLatin1()) : j.toString().toUtf8();
    case QMetaType::QDateTime: return QDateTime::fromString(j.toString(), Qt::ISODateWithMs);
    case QMetaType::QDate: return QDate::fromString(j.toString(), Qt::ISODate);
    case QMetaType::QTime: return QTime::fromString(j.toString(), Qt::ISODateWithMs);
    case QMetaType::QStringList: {
        QStringList l;
        for (const QJsonValue &e : j.toArray())
            l << fromJson(e, QMetaType::QString).toString();
        return l;
    }
    case QMetaType::QByteArrayList: {
        QByteArrayList l;
        for (const QJsonValue &e : j.toArray())
            l << fromJson(e, QMetaType::QByteArray).toByteArray();
        return QVariant::fromValue(l);
    }
    case QMetaType::Char: return QVariant::fromValue(char(integer(j)));
    case QMetaType::SChar: return QVariant::fromValue((signed char)integer(j));
    case QMetaType::UChar: return QVariant::fromValue(uchar(natural(j)));
    case QMetaType::Short: return QVariant::fromValue(short(integer(j)));
    case QMetaType::UShort: return QVariant::fromValue(ushort(natural(j)));
    case QMetaType::Int: return int(integer(j));
    case QMetaType::UInt: return uint(natural(j));
    case QMetaType::Long: return QVariant::fromValue(long(integer(j)));
    case QMetaType::ULong: return QVariant::fromValue((unsigned long)natural(j));
    case QMetaType::LongLong: return integer(j);
    case QMetaType::ULongLong: return natural(j);
    case QMetaType::QLocale: return QLocale(j.toString());
    case QMetaType::QRegularExpression:
        return QRegularExpression(o.value("pattern").toString(), QRegularExpression::PatternOptions(o.value("options").toInt()));
    case QMetaType::QBitArray: {
        const QString text = j.toString();
        QBitArray bits(int(text.size()));
        for (int i = 0; i < int(text.size()); ++i)
            bits.setBit(i, text.at(i) == '1');
        return bits;
    }
    case QMetaType::QJsonValue: return QVariant::fromValue(j);
    case QMetaType::QJsonObject: return QVariant::fromValue(j.toObject());
    case QMetaType::QJsonArray: return QVariant::fromValue(j.toArray());
    case QMetaType::QJsonDocument: return QVariant::fromValue(document(j));
    case QMetaType::QLine: return QLine(int(num(j, "x1", 0)), int(num(j, "y1", 1)), int(num(j, "x2", 2)), int(num(j, "y2", 3)));
    case QMetaType::QLineF: return QLineF(num(j, "x1", 0), num(j, "y1", 1), num(j, "x2", 2), num(j, "y2", 3));
    case QMetaType::QUrl: return QUrl(j.toString());
    case QMetaType::QUuid: return QUuid(j.toString());
    case QMetaType::QChar: return j.toString().isEmpty() ? QChar() : j.toString().at(0);
    case QMetaType::QPoint: return QPoint(int(num(j, "x", 0)), int(num(j, "y", 1)));
    case QMetaType::QPointF: return QPointF(num(j, "x", 0), num(j, "y", 1));
    case QMetaType::QSize: return QSize(int(num(j, "w", 0)), int(num(j, "h", 1)));
    case QMetaType::QSizeF: return QSizeF(num(j, "w", 0), num(j, "h", 1));
    case QMetaType::QRect: return QRect(int(num(j, "x", 0)), int(num(j, "y", 1)), int(num(j, "w", 2)), int(num(j, "h", 3)));
    case QMetaType::QRectF: return QRectF(num(j, "x", 0), num(j, "y", 1), num(j, "w", 2), num(j, "h", 3));
    default: break;
    }
    const QMetaType mt(t);
    if (mt.flags() & QMetaType::IsEnumeration) {
        const int n = j.toInt();
        const qint8 n8 = qint8(n);
        const qint16 n16 = qint16(n);
        return makeVariant(t, mt.sizeOf() == 1 ? (const void *)&n8 : mt.sizeOf() == 2 ? (const void *)&n16 : (const void *)&n);
    }
    if (mt.flags() & QMetaType::IsGadget) {
        QVariant v = makeVariant(t);
        const QMetaObject *mo = mt.metaObject();
        for (int i = 0; mo && i < mo->propertyCount(); ++i) {
            const QMetaProperty p = mo->property(i);
            const QJsonValue e = j.isArray() ? j.toArray().at(i) : o.value(QLatin1String(p.name()));
            if (e.isUndefined())
                continue;
            p.writeOnGadget(v.data(), fromJson(e, p.userType()));
        }
        return v;
    }
    QVariant v = j.toVariant();
#if QT_VERSION < QT_VERSION_CHECK(6, 0, 0)
    if (v.convert(t))
#else
    if (v.convert(QMetaType(t)))
#endif
        return v;
    fprintf(stderr, "cannot make a %s from JSON\n", QByteArray(mt.name()).constData());
    return makeVariant(t);
}

} // namespace peer
