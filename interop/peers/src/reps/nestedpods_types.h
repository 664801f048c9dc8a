static peer::Registered nestedpodsTypes([] {
#if QT_VERSION < QT_VERSION_CHECK(6, 0, 0)
    peer::registerStreams<FinishEnum::Finish>("FinishEnum::Finish");
#endif
    peer::registerStreams<Screw>("Screw");
    peer::registerStreams<Joint>("Joint");
    peer::registerStreams<Part>("Part");
    peer::registerStreams<Machine>("Machine");
    peer::registerList<QList<Screw>>("QList<Screw>");
    peer::registerList<QList<Part>>("QList<Part>");
    peer::registerMap<QMap<QString, Joint>>("QMap<QString,Joint>");
    peer::registerMap<QMap<QString, Part>>("QMap<QString,Part>");
    peer::registerMap<QMap<QString, Machine>>("QMap<QString,Machine>");
});
