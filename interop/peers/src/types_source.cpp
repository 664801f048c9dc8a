// Types: every value type as a property, a signal argument, a slot argument and a reply.
#include "hosted.h"
#include "rep_types_source.h"

using namespace peer;

// Values to start with, as JSON for the same conversion that stdin commands use.
static const char *const initial = R"({
    "Bool": true, "Char": 99, "Int8": -8, "UInt8": 200, "Short": -16000, "UShort": 65535, "Int": -2147483648,
    "UInt": 4294967295, "Long": -5, "LongLong": "-9007199254740995", "ULongLong": "18446744073709551615",
    "Float": 0.5, "Double": 2.718281828459045, "QChar": "\u20ac", "String": "Z\u00fcrich \ud83c\udf26",
    "Bytes": {"hex": "0001feff"}, "StringList": ["a", "", null], "BytesList": [{"hex": "01"}, null],
    "List": [1, "two", 3.5, null, [true]], "Map": {"k": {"n": 1}}, "Hash": {"only": 7}, "Any": "any",
    "Date": "1999-12-31", "Time": "23:59:59.999", "DateTime": "2024-02-29T12:34:56.789Z",
    "Url": "https://example.org/a%20b?q=1#f", "Uuid": "{6f9619ff-8b86-d011-b42d-00c04fc964ff}",
    "Point": {"x": -3, "y": 7}, "PointF": {"x": 0.5, "y": -2.25}, "Size": {"w": 640, "h": 480},
    "SizeF": {"w": 1.5, "h": -0.25}, "Rect": {"x": 10, "y": 20, "w": 300, "h": 400},
    "RectF": {"x": 0.5, "y": 1, "w": 2.5, "h": 3}, "Line": [1, 2, 3, 4], "LineF": [0.5, 1, 2, -3],
    "Locale": "de_CH", "Regex": {"pattern": "^a+b$", "options": 1}, "Bits": "10000000010", "JsonValue": "text",
    "JsonObject": {"a": 1, "b": [true, null]}, "JsonArray": [1.5, "x"], "JsonDoc": {"d": 2}, "Ints": [1, -2, 3],
    "Doubles": [0.5, -1], "Points": [{"x": 1, "y": 2}, {"x": -3, "y": 4}], "IntMap": {"a": 1, "z": -1},
    "NameHash": {"5": "five"}, "Dot": [1, 0.5, "dot"], "Segment": [[1, 1.5, "from"], [2, 2.5, "to"]],
    "Tagged": [7, [4, 5], "extra"], "Dots": [[1, 1.5, "one"], [2, 2.5, "two"]], "DotMap": {"p": [3, 3.5, "three"]},
    "Color": 40000, "Hop": 300, "Level": 200, "Traits": 18
})";

class TypesImpl : public TypesSimpleSource
{
public:
    explicit TypesImpl(QObject *parent = nullptr) : TypesSimpleSource(parent)
    {
        LocalWrites here;
        const QJsonObject values = QJsonDocument::fromJson(initial).object();
        const QMetaObject *mo = metaObject();
        for (auto it = values.begin(); it != values.end(); ++it) {
            const int i = mo->indexOfProperty("v" + it.key().toLatin1());
            if (i >= 0)             // Level and Traits are not in Qt 5's class
                mo->property(i).write(this, fromJson(it.value(), mo->property(i).userType()));
        }
    }

#define TYPE(name, ...) \
    using T##name = __VA_ARGS__; \
    void setV##name(T##name v) override \
    { \
        logWrite("Types", "v" #name, QVariant::fromValue(v)); \
        TypesSimpleSource::setV##name(v); \
    } \
    T##name echo##name(T##name v) override \
    { \
        logSlot("Types", "echo" #name, QVariantList{QVariant::fromValue(v)}); \
        return v; \
    }
    TYPE(Bool, bool)
    TYPE(Char, char)
    TYPE(Int8, qint8)
    TYPE(UInt8, quint8)
    TYPE(Short, short)
    TYPE(UShort, ushort)
    TYPE(Int, int)
    TYPE(UInt, uint)
    TYPE(Long, long)
    TYPE(LongLong, qint64)
    TYPE(ULongLong, quint64)
    TYPE(Float, float)
    TYPE(Double, double)
    TYPE(QChar, QChar)
    TYPE(String, QString)
    TYPE(Bytes, QByteArray)
    TYPE(StringList, QStringList)
    TYPE(BytesList, QByteArrayList)
    TYPE(List, QVariantList)
    TYPE(Map, QVariantMap)
    TYPE(Hash, QVariantHash)
    TYPE(Any, QVariant)
    TYPE(Date, QDate)
    TYPE(Time, QTime)
    TYPE(DateTime, QDateTime)
    TYPE(Url, QUrl)
    TYPE(Uuid, QUuid)
    TYPE(Point, QPoint)
    TYPE(PointF, QPointF)
    TYPE(Size, QSize)
    TYPE(SizeF, QSizeF)
    TYPE(Rect, QRect)
    TYPE(RectF, QRectF)
    TYPE(Line, QLine)
    TYPE(LineF, QLineF)
    TYPE(Locale, QLocale)
    TYPE(Regex, QRegularExpression)
    TYPE(Bits, QBitArray)
    TYPE(JsonValue, QJsonValue)
    TYPE(JsonObject, QJsonObject)
    TYPE(JsonArray, QJsonArray)
    TYPE(JsonDoc, QJsonDocument)
    TYPE(Ints, QList<int>)
    TYPE(Doubles, QList<double>)
    TYPE(Points, QList<QPoint>)
    TYPE(IntMap, QMap<QString,int>)
    TYPE(NameHash, QHash<int,QString>)
    TYPE(Dot, Dot)
    TYPE(Segment, Segment)
    TYPE(Tagged, Tagged)
    TYPE(Dots, QList<Dot>)
    TYPE(DotMap, QMap<QString,Dot>)
    TYPE(Color, Color)
    TYPE(Hop, HopEnum::Hop)
#if QT_VERSION >= QT_VERSION_CHECK(6, 0, 0)
    TYPE(Level, TypesSource::Level)
    TYPE(Traits, TypesSource::Traits)
#endif
#undef TYPE
};

namespace peer {

void addTypes(QList<Hosted> &all, QObject *parent)
{
#if QT_VERSION >= QT_VERSION_CHECK(6, 0, 0)
    qRegisterMetaType<TypesSource::Traits>("Traits");   // or a slot that returns the flag replies nothing
#endif
    auto *types = new TypesImpl(parent);
    all << Hosted{"Types", types, [types](QRemoteObjectHostBase *h) { return h->enableRemoting<TypesSourceAPI>(types); }};
}

} // namespace peer
