static peer::Registered types([] {
    peer::registerList<QList<int>>("QList<int>");
    peer::registerMap<QMap<QString, int>>("QMap<QString,int>");
});
