#include "peercore.h"
#include "vectors.h"

namespace probe {
struct Vec3 { double x = 0, y = 0; qint32 z = 0; };
inline QDataStream &operator<<(QDataStream &s, const Vec3 &v) { return s << v.x << v.y << v.z; }
inline QDataStream &operator>>(QDataStream &s, Vec3 &v) { return s >> v.x >> v.y >> v.z; }
}
Q_DECLARE_METATYPE(probe::Vec3)
using IntMap = QMap<QString, int>;
using PairSI = QPair<QString, int>;

#if QT_VERSION >= QT_VERSION_CHECK(6, 0, 0)
// Declared by a public header of 6.4 but not exported by the library.
int qRegisterNormalizedMetaType_QIntHash(const QByteArray &) { return QMetaType::fromType<QIntHash>().id(); }
#endif

using vectors::add;

int main(int argc, char **argv)
{
    qputenv("TZ", "Europe/Zurich");
    tzset();
    QCoreApplication app(argc, argv);
    peer::registerStreams<probe::Vec3>("probe::Vec3");
    peer::registerStreams<QList<int>>("QList<int>");
    peer::registerStreams<QVector<int>>("QVector<int>");
    peer::registerStreams<QList<double>>("QList<double>");
    peer::registerStreams<QList<QPoint>>("QList<QPoint>");
    peer::registerStreams<QVector<QString>>("QVector<QString>");
    peer::registerStreams<IntMap>("QMap<QString,int>");
#if QT_VERSION < QT_VERSION_CHECK(6, 0, 0)
    peer::registerStreams<QIntHash>("QIntHash");
    peer::registerStreams<QRemoteObjectSourceLocation>("QRemoteObjectSourceLocation");
    peer::registerStreams<QRemoteObjectSourceLocations>("QRemoteObjectSourceLocations");
#endif
    peer::registerStreams<QMap<int, QString>>("QMap<int,QString>");
    peer::registerStreams<PairSI>("QPair<QString,int>");
    peer::registerStreams<QList<QVariantMap>>("QList<QVariantMap>");
    peer::registerStreams<QSet<QString>>("QSet<QString>");
    vectors::header("QVariant golden vectors");

    add("invalid", QVariant());
#if QT_VERSION < QT_VERSION_CHECK(6, 0, 0)
    add("typed null: QVariant(QVariant::String), isNull() is true", QVariant(QVariant::String));
    add("typed null: QVariant(QVariant::Int), isNull() is true", QVariant(QVariant::Int));
    add("typed null: QVariant(QVariant::Map), isNull() is true", QVariant(QVariant::Map));
#else
    add("typed null: QVariant(QMetaType::fromType<QString>()), isNull() is true", QVariant(QMetaType::fromType<QString>()));
    add("typed null: QVariant(QMetaType::fromType<int>()), isNull() is true", QVariant(QMetaType::fromType<int>()));
    add("typed null: QVariant(QMetaType::fromType<QVariantMap>()), isNull() is true", QVariant(QMetaType::fromType<QVariantMap>()));
#endif
    add("true", true);
    add("false", false);
    add("0", 0);
    add("-1", -1);
    add("2147483647", 2147483647);
    add("-2147483648", int(-2147483647 - 1));
    add("4294967295", 4294967295u);
    add("-9223372036854775808", QVariant(qlonglong(Q_INT64_C(-9223372036854775807) - 1)));
    add("1311768467463790320 (0x123456789abcdef0)", QVariant(qlonglong(Q_INT64_C(0x123456789abcdef0))));
    add("18446744073709551615", QVariant(qulonglong(Q_UINT64_C(18446744073709551615))));
    add("0.0", 0.0);
    add("-0.0", -0.0);
    add("3.141592653589793", 3.141592653589793);
    add("1e300", 1e300);
    add("+inf", qInf());
    add("1.5", QVariant::fromValue(1.5f));
    add("-0.1 (float)", QVariant::fromValue(-0.1f));
    add("'A'", QVariant(QChar('A')));
    add("U+20AC", QVariant(QChar(0x20ac)));
    add("-5", QVariant::fromValue(short(-5)));
    add("65535", QVariant::fromValue(ushort(65535)));
    add("-7", QVariant::fromValue((signed char)-7));
    add("200", QVariant::fromValue(uchar(200)));
    add("'c' (99)", QVariant::fromValue('c'));
    add("-3", QVariant::fromValue(long(-3)));
    add("3", QVariant::fromValue((unsigned long)3));
    add("null", QVariant(QString()));
    add("empty \"\"", QVariant(QString("")));
    add("\"hello\"", QVariant(QString("hello")));
    add("\"Z\\u00fcrich \\u6771\\u4eac \\U0001f326\"", QVariant(QString::fromUtf8("Zürich 東京 \xF0\x9F\x8C\xA6")));
    add("\"a\\0b\" (embedded NUL)", QVariant(QString::fromLatin1("a\0b", 3)));
    add("null", QVariant(QByteArray()));
    add("empty", QVariant(QByteArray("")));
    add("00 01 fe ff", QVariant(QByteArray("\x00\x01\xfe\xff", 4)));
    add("[]", QVariant(QStringList()));
    add("[\"a\", \"\", null, \"\\u00e9\"]", QVariant(QStringList{"a", "", QString(), QString::fromUtf8("é")}));
    add("[01 02, empty, null]", QVariant::fromValue(QByteArrayList{"\x01\x02", "", QByteArray()}));
    add("[]", QVariant(QVariantList()));
    add("[1, \"two\", 3.5, true, invalid, [\"x\", [0]]]", QVariant(QVariantList{1, "two", 3.5, true, QVariant(), QVariantList{"x", QVariantList{0}}}));
    add("{}", QVariant(QVariantMap()));
    add("{\"a\": 1, \"b\": {\"c\": [2, null QString]}, \"\\u00e9\": QByteArray 7f}",
        QVariant(QVariantMap{{"a", 1}, {"b", QVariantMap{{"c", QVariantList{2, QString()}}}}, {QString::fromUtf8("é"), QByteArray("\x7f")}}));
    add("{}", QVariant(QVariantHash()));
    add("{\"only\": QPoint(1, 2)}", QVariant(QVariantHash{{"only", QPoint(1, 2)}}));
    add("invalid date", QVariant(QDate()));
    add("1999-12-31", QVariant(QDate(1999, 12, 31)));
    add("-0044-03-15", QVariant(QDate(-44, 3, 15)));
    add("invalid time", QVariant(QTime()));
    add("00:00:00.000", QVariant(QTime(0, 0)));
    add("23:59:59.999", QVariant(QTime(23, 59, 59, 999)));
    add("invalid", QVariant(QDateTime()));
    add("2024-02-29T12:34:56.789 UTC", QVariant(QDateTime(QDate(2024, 2, 29), QTime(12, 34, 56, 789), Qt::UTC)));
    add("2024-07-01T12:00:00.000 LocalTime (TZ=Europe/Zurich, so 10:00 UTC)", QVariant(QDateTime(QDate(2024, 7, 1), QTime(12, 0), Qt::LocalTime)));
    add("2024-02-29T12:34:56.789 OffsetFromUTC -16200 s (-04:30)", QVariant(QDateTime(QDate(2024, 2, 29), QTime(12, 34, 56, 789), Qt::OffsetFromUTC, -16200)));
    add("2024-02-29T12:34:56.789 TimeZone America/New_York", QVariant(QDateTime(QDate(2024, 2, 29), QTime(12, 34, 56, 789), QTimeZone("America/New_York"))));
    add("empty", QVariant(QUrl()));
    add("https://u:p@example.org:8080/a%20b?q=1&r=%C3%A9#frag", QVariant(QUrl("https://u:p@example.org:8080/a%20b?q=1&r=é#frag")));
    add("local:peer", QVariant(QUrl("local:peer")));
    add("{00000000-0000-0000-0000-000000000000}", QVariant(QUuid()));
    add("{6f9619ff-8b86-d011-b42d-00c04fc964ff}", QVariant(QUuid("{6f9619ff-8b86-d011-b42d-00c04fc964ff}")));
    add("(-3, 7)", QVariant(QPoint(-3, 7)));
    add("(0.5, -2.25)", QVariant(QPointF(0.5, -2.25)));
    add("640 x 480", QVariant(QSize(640, 480)));
    add("invalid (-1 x -1)", QVariant(QSize()));
    add("1.5 x -0.25", QVariant(QSizeF(1.5, -0.25)));
    add("x 10 y 20 w 300 h 400", QVariant(QRect(10, 20, 300, 400)));
    add("x 0.5 y 1 w 2.5 h 3", QVariant(QRectF(0.5, 1, 2.5, 3)));
    add("(1,2)-(3,4)", QVariant(QLine(1, 2, 3, 4)));
    add("(0.5,1)-(2,-3)", QVariant(QLineF(0.5, 1, 2, -3)));
    QBitArray bits(11);
    bits.setBit(0);
    bits.setBit(9);
    add("11 bits, bits 0 and 9 set", QVariant(bits));
    add("de_CH", QVariant(QLocale(QLocale::German, QLocale::Switzerland)));
    add("/^a+b$/ CaseInsensitive", QVariant(QRegularExpression("^a+b$", QRegularExpression::CaseInsensitiveOption)));
    add("nullptr", QVariant::fromValue(nullptr));
    add("[1, -2, 3]", QVariant::fromValue(QList<int>{1, -2, 3}));
    add("[] (QList<int>)", QVariant::fromValue(QList<int>()));
    add("[7, 8] (QVector<int>)", QVariant::fromValue(QVector<int>{7, 8}));
    add("[0.5, -1]", QVariant::fromValue(QList<double>{0.5, -1}));
    add("[(1,2), (-3,4)]", QVariant::fromValue(QList<QPoint>{QPoint(1, 2), QPoint(-3, 4)}));
    add("[\"v\", null] (QVector<QString>)", QVariant::fromValue(QVector<QString>{"v", QString()}));
    add("{\"a\": 1, \"z\": -1}", QVariant::fromValue(IntMap{{"a", 1}, {"z", -1}}));
    add("{-1: \"m\", 5: \"\"}", QVariant::fromValue(QMap<int, QString>{{-1, "m"}, {5, ""}}));
    add("{257: \"celsius\"} (role names)", QVariant::fromValue(QHash<int, QByteArray>{{257, "celsius"}}));
    add("(\"first\", 2)", QVariant::fromValue(PairSI("first", 2)));
    add("[{\"k\": 1}, {}]", QVariant::fromValue(QList<QVariantMap>{{{"k", 1}}, {}}));
    add("{\"solo\"} (set)", QVariant::fromValue(QSet<QString>{"solo"}));
    add("x 1.5 y -2 z 7 (doubles x, y, then qint32 z)", QVariant::fromValue(probe::Vec3{1.5, -2, 7}));
    add("QVariant holding a QVariant holding int 5", peer::makeVariant(QMetaType::QVariant, std::array<QVariant, 1>{QVariant(5)}.data()));
    add("(\"Station\", {typeName \"Station\", hostUrl tcp://127.0.0.1:5000})",
        QVariant::fromValue(QRemoteObjectSourceLocation("Station", QRemoteObjectSourceLocationInfo("Station", QUrl("tcp://127.0.0.1:5000")))));
    add("{\"Station\": {typeName \"Station\", hostUrl local:st}}",
        QVariant::fromValue(QRemoteObjectSourceLocations{{"Station", QRemoteObjectSourceLocationInfo("Station", QUrl("local:st"))}}));
    add("[map in list] [{\"p\": QPoint(1,1), \"l\": [QList<int>[9]]}]",
        QVariant(QVariantList{QVariantMap{{"p", QPoint(1, 1)}, {"l", QVariantList{QVariant::fromValue(QList<int>{9})}}}}));
    QJsonObject jo{{"a", 1}, {"b", QJsonArray{true, QJsonValue::Null, "s"}}};
    add("{\"a\":1,\"b\":[true,null,\"s\"]}", QVariant(jo));
    add("[1.5,\"x\"]", QVariant(QJsonArray{1.5, "x"}));
    add("json value \"t\"", QVariant(QJsonValue("t")));
    add("json value null", QVariant(QJsonValue(QJsonValue::Null)));
    add("json document {\"d\":2}", QVariant(QJsonDocument(QJsonObject{{"d", 2}})));
    fprintf(stderr, "%d vectors\n", vectors::written());
    return 0;
}
