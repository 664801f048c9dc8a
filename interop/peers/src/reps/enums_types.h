// Qt 5 has to know an enum inside of PODs by name.
static peer::Registered enumsTypes([] {
#if QT_VERSION < QT_VERSION_CHECK(6, 0, 0)
    peer::registerStreams<HeadingEnum::Heading>("HeadingEnum::Heading");
#endif
    peer::registerStreams<Leg>("Leg");
    peer::registerStreams<Junction>("Junction");
    peer::registerList<QList<Leg>>("QList<Leg>");
});
