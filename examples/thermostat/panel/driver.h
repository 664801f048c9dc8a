// Lets a program, such as a test, use the panel as somebody in front of it would, and see what is there. Commands on stdin:
//
//     click NAME [X Y]     presses and releases the mouse in the item with that objectName, at parts of its size (0.5 0.5)
//     grab FILE            saves a picture of the window -> {"event":"grabbed","file":FILE}
//     quit                 as the end of stdin does
//
// On stdout, after each frame, what the items with an objectName show, if that is new:
//
//     {"event":"shows","name":"modeEco","checked":false,"enabled":true,"text":"Eco"}
//     {"event":"shows","name":"alarm","visible":false}
//
// A command that cannot be carried out is answered by {"event":"error","what":...}.
#pragma once

#include <QFile>
#include <QGuiApplication>
#include <QJsonDocument>
#include <QJsonObject>
#include <QMouseEvent>
#include <QQuickItem>
#include <QQuickWindow>
#include <QSocketNotifier>
#include <cstdio>
#include <unistd.h>

class Driver : public QObject
{
public:
    explicit Driver(QQuickWindow *window) : window(window), input(STDIN_FILENO, QSocketNotifier::Read)
    {
        connect(window, &QQuickWindow::frameSwapped, this, [this] { look(this->window->contentItem()); }, Qt::QueuedConnection);
        connect(&input, &QSocketNotifier::activated, this, [this] { read(); });
    }

private:
    void look(QQuickItem *item)
    {
        const QString name = item->objectName();
        if (!name.isEmpty()) {
            QJsonObject shows{{"name", name}};
            if (!item->isVisible()) {
                shows["visible"] = false;
            } else {
                for (const char *property : {"text", "checked", "enabled", "value", "points"}) {
                    const QVariant value = item->property(property);
                    if (value.isValid())
                        shows[property] = value.toJsonValue();
                }
            }
            if (shown.value(name) != shows)
                print("shows", shown[name] = shows);
        }
        for (QQuickItem *child : item->childItems())
            look(child);
    }

    void read()
    {
        char bytes[4096];
        const auto n = ::read(STDIN_FILENO, bytes, sizeof bytes);
        if (n <= 0) {
            input.setEnabled(false);
            QGuiApplication::quit();
            return;
        }
        pending.append(bytes, int(n));
        for (int end; (end = int(pending.indexOf('\n'))) >= 0; pending.remove(0, end + 1))
            obey(QString::fromUtf8(pending.left(end)).split(' ', Qt::SkipEmptyParts));
    }

    void obey(const QStringList &words)
    {
        const QString command = words.value(0), name = words.value(1);
        if (command == "quit") {
            QGuiApplication::quit();
        } else if (command == "grab") {
            if (window->grabWindow().save(name))
                print("grabbed", {{"file", name}});
            else
                print("error", {{"what", "cannot write " + name}});
        } else if (auto *item = find(window->contentItem(), name); command == "click" && item && item->isVisible() && item->isEnabled()) {
            const double x = words.size() > 3 ? words[2].toDouble() : 0.5, y = words.size() > 3 ? words[3].toDouble() : 0.5;
            const QPointF at = item->mapToScene({x * item->width(), y * item->height()});
            for (const auto type : {QEvent::MouseButtonPress, QEvent::MouseButtonRelease}) {
                const auto held = type == QEvent::MouseButtonPress ? Qt::LeftButton : Qt::NoButton;
                QMouseEvent event(type, at, window->mapToGlobal(at), Qt::LeftButton, held, Qt::NoModifier);
                QGuiApplication::sendEvent(window, &event);
            }
        } else {
            print("error", {{"what", "cannot " + words.join(' ')}});
        }
    }

    QQuickItem *find(QQuickItem *item, const QString &name) // those that repeaters make have no QObject as their parent
    {
        if (item->objectName() == name)
            return item;
        for (QQuickItem *child : item->childItems()) {
            if (QQuickItem *found = find(child, name))
                return found;
        }
        return nullptr;
    }

    void print(const char *event, QJsonObject object)
    {
        object["event"] = event;
        puts(QJsonDocument(object).toJson(QJsonDocument::Compact).constData());
        fflush(stdout);
    }

    QQuickWindow *window;
    QSocketNotifier input;
    QByteArray pending;
    QHash<QString, QJsonObject> shown;
};
