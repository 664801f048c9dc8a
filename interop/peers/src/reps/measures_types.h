static peer::Registered measuresTypes([] {
    peer::registerList<QList<int>>("QList<int>");
    peer::registerMap<QMap<QString, int>>("QMap<QString,int>");
});
