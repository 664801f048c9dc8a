// Types that the meta type system has to know by name; included after the repc headers that define the PODs.
#pragma once
#include "peercore.h"
#include "stationtypes.h"

// A Qt 6 dynamic replica crashes when a container of PODs that it gets is also a
// registered type (it mixes up QList<Reading> and QtROSequentialContainer), so a
// process that acquires dynamically leaves those out.  Qt 5 needs them all.
inline void registerPeerTypes(bool dynamic = false)
{
    using namespace peer;
    registerList<QList<int>>("QList<int>");
    registerList<QList<double>>("QList<double>");
    registerList<QList<QPoint>>("QList<QPoint>");
    registerMap<QMap<QString, int>>("QMap<QString,int>");
    registerMap<QHash<int, QString>>("QHash<int,QString>");
#if QT_VERSION < QT_VERSION_CHECK(6, 0, 0)
    registerStreams<HopEnum::Hop>("HopEnum::Hop");      // a user type of its own inside PODs
#endif
    if (dynamic && QT_VERSION >= QT_VERSION_CHECK(6, 0, 0))
        return;
    registerStreams<Reading>("Reading");
    registerStreams<Place>("Place");
    registerStreams<Spare>("Spare");            // in no signature: travels in a QVariant only
    registerList<QList<QString>>("QList<QString>");
    registerFlags<StationTypes::Alarms>("StationTypes::Alarms");
    registerList<QList<Reading>>("QList<Reading>");
    registerMap<QMap<QString, Reading>>("QMap<QString,Reading>");
    registerStreams<Dot>("Dot");
    registerStreams<Segment>("Segment");
    registerStreams<Tagged>("Tagged");
    registerList<QList<Dot>>("QList<Dot>");
    registerMap<QMap<QString, Dot>>("QMap<QString,Dot>");
}
