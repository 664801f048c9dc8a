// Golden QVariants: prints "TypeName | human value | little-endian hex | big-endian hex".
#pragma once
#include <QtCore>
#include <cstdio>

namespace vectors {

inline int &written() { static int n = 0; return n; }

inline QByteArray bytes(const QVariant &v, QDataStream::ByteOrder order, bool *ok)
{
    QByteArray out;
    QDataStream s(&out, QIODevice::WriteOnly);
#if QT_VERSION < QT_VERSION_CHECK(6, 0, 0)
    s.setVersion(QDataStream::Qt_5_12);
#else
    s.setVersion(QDataStream::Qt_6_2);
#endif
    s.setByteOrder(order);
    s << v;
    *ok = s.status() == QDataStream::Ok;
    QDataStream r(out);
    r.setVersion(s.version());
    r.setByteOrder(order);
    QVariant back;
    r >> back;
    *ok = *ok && r.status() == QDataStream::Ok && r.atEnd() && back.userType() == v.userType();
    return out;
}

inline void add(const char *human, const QVariant &v)
{
    bool a, b;
    const QByteArray le = bytes(v, QDataStream::LittleEndian, &a), be = bytes(v, QDataStream::BigEndian, &b);
    const QByteArray type = v.isValid() ? QByteArray(v.typeName()) : QByteArray("(invalid)");
    if (!a || !b) {
        fprintf(stderr, "not round-tripped: %s %s\n", type.constData(), human);
        return;
    }
    printf("%s | %s | %s | %s\n", type.constData(), human, le.toHex().constData(), be.toHex().constData());
    ++written();
}

inline void header(const char *what)
{
    printf("# %s, written by Qt %s: QDataStream version %s\n", what, qVersion(),
           QT_VERSION < QT_VERSION_CHECK(6, 0, 0) ? "Qt_5_12 (18)" : "Qt_6_2 (20)");
    printf("# TypeName (QVariant::typeName) | value | QVariant in a LITTLE-endian stream | in a BIG-endian stream\n");
    printf("# Fields are separated by ' | '.  Strings use C escapes; every vector was read back by Qt with no bytes left over.\n");
}

} // namespace vectors
