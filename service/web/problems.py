"""Every error as RFC 9457 problem+json: a status for scripts and a sentence for people."""

import base64
import json
import logging
from collections.abc import Mapping
from dataclasses import dataclass
from http import HTTPStatus

from apiflask import HTTPError
from flask import Flask, Response, g, request
from pydantic import ValidationError
from werkzeug.exceptions import HTTPException
from werkzeug.wrappers import Response as WerkzeugResponse

from service.models import download_command
from service.web.languages import tongue
from voiceover.errors import Gone, VoiceoverError
from wav2lip.checkpoints import training_command

log = logging.getLogger(__name__)

CHOICES_SHOWN = 12


@dataclass(frozen=True, slots=True)
class Problem:
    """What a kind of error is to people: templates take the error's details."""

    status: int
    ru: str
    en: str


PROBLEMS: Mapping[str, Problem] = {
    "internal": Problem(
        500, "Внутренняя ошибка сервера. Попробуйте ещё раз.", "The server made a mistake. Please try again."
    ),
    "invalid-request": Problem(422, "Запрос не может быть выполнен.", "The request cannot be carried out."),
    "nothing-to-speak": Problem(
        422,
        "В тексте нечего произнести: добавьте хотя бы одно слово.",
        "There is nothing to speak in the text: add at least one word.",
    ),
    "text-too-long": Problem(
        422,
        "Текст слишком длинный: {length} знаков, а можно не больше {limit}. Разбейте его на части.",
        "The text is too long: {length} characters, at most {limit} are taken. Split it.",
    ),
    "no-clips": Problem(
        422, "Нет клипов: приложите хотя бы один.", "There are no clips: attach at least one."
    ),
    "not-a-clip": Problem(
        422,
        "Приложенный файл не похож на клип, сделанный этим сервером.",
        "An attached file is not a clip made by this server.",
    ),
    "invalid-fields": Problem(
        422, "Исправьте поля запроса: {fields}", "Mend these fields of the request: {fields}"
    ),
    "not-found": Problem(422, "«{name}» не существует.", "“{name}” does not exist."),
    "voice-not-found": Problem(
        422,
        "Голоса «{name}» нет. Список голосов: GET /api/voices.",
        "There is no voice “{name}”. For the list: GET /api/voices.",
    ),
    "language-not-found": Problem(
        422,
        "Ни один голос не говорит на языке «{name}». Список языков: GET /api/voices.",
        "No voice speaks the language “{name}”. For the list: GET /api/voices.",
    ),
    "avatar-not-found": Problem(
        422, "Аватара «{name}» нет. Есть: {choices}.", "There is no avatar “{name}”. There are: {choices}."
    ),
    "lips-not-found": Problem(
        422,
        "Движка губ «{name}» нет. Есть: {choices}.",
        "There is no lip engine “{name}”. There are: {choices}.",
    ),
    "face-not-found": Problem(
        422,
        "На изображении не найдено лицо. Возьмите портрет анфас; рисунок годится, если лицо на нём похоже"
        " на человеческое.",
        "No face was found in the picture. Take a portrait that looks at the camera; a drawing will do"
        " if its face is like a human one.",
    ),
    "face-too-small": Problem(
        422,
        "Лицо слишком мелкое: губы на нём не разглядеть. Возьмите фото крупнее или в лучшем качестве.",
        "The face is too small for its lips to be seen. Take a closer or a larger photo.",
    ),
    "face-turned": Problem(
        422,
        "Лицо слишком повёрнуто в сторону. Возьмите фото, на котором человек смотрит в камеру.",
        "The face is turned too far aside. Take a photo that looks at the camera.",
    ),
    "mouth-covered": Problem(
        422,
        "Рот чем-то закрыт: рукой, маской, микрофоном. Возьмите фото, на котором губы видны.",
        "Something covers the mouth: a hand, a mask, a microphone. Take a photo that shows the lips.",
    ),
    "video-unreadable": Problem(
        422,
        "Файл не читается ни как фото (JPEG, PNG, WebP), ни как видео (MP4, MOV, WebM, MKV, AVI, MPEG).",
        "The file can be read neither as a photo (JPEG, PNG, WebP) nor as a video (MP4, MOV, WebM, MKV, AVI,"
        " MPEG).",
    ),
    "video-too-short": Problem(
        422, "Видео слишком короткое: нужна хотя бы секунда.", "The video is too short: it needs a second."
    ),
    "video-not-reframed": Problem(
        422,
        "Кадр видео выбирается при загрузке и потом не меняется: изменить можно имя.",
        "A video is framed when it is brought; afterwards only its name can change.",
    ),
    "preparation-cancelled": Problem(422, "Подготовка видео отменена.", "The preparation was cancelled."),
    "photo-not-found": Problem(404, "У этого аватара нет фото.", "This avatar has no photo."),
    "no-such-face": Problem(422, "Такого лица на фото нет.", "There is no such face in the photo."),
    "crop-outside": Problem(
        422,
        "Рамка должна лежать внутри фото, а её стороны отличаться не больше чем вдвое.",
        "The frame must lie inside the photo, one side at most twice the other.",
    ),
    "crop-without-face": Problem(
        422,
        "Лицо должно быть в рамке целиком. Увеличьте или сдвиньте её.",
        "The whole face must be inside the frame. Enlarge or move it.",
    ),
    "picture-unreadable": Problem(
        422,
        "Файл не читается как изображение. Годятся JPEG, PNG и WebP.",
        "The file cannot be read as a picture. JPEG, PNG and WebP will do.",
    ),
    "picture-too-large": Problem(
        422,
        "В изображении слишком много пикселей: можно не больше {limit} миллионов. Уменьшите его.",
        "The picture has too many pixels: at most {limit} million are taken. Make it smaller.",
    ),
    "too-many-avatars": Problem(
        507,
        "Аватаров уже {most}, больше сервер не хранит. Удалите ненужные.",
        "There are {most} avatars already, and no room for more. Delete some.",
    ),
    "not-sound": Problem(
        422,
        "В файле нет звука, который можно прочитать. Подойдут WAV, MP3, M4A, OGG, FLAC и WebM.",
        "There is no sound in this file that can be read. WAV, MP3, M4A, OGG, FLAC and WebM will do.",
    ),
    "recording-refused": Problem(
        422,
        "Эта запись не подходит. Запишите {shortest}–{longest} с спокойной речи в тихой комнате.",
        "This recording will not do. Record {shortest}–{longest} s of calm speech in a quiet room.",
    ),
    "recording-silent": Problem(
        422,
        "В записи тишина. Проверьте, тот ли микрофон выбран и не выключен ли он.",
        "The recording is silent. Check that the right microphone is chosen and switched on.",
    ),
    "recording-no-speech": Problem(
        422,
        "В записи не слышно речи. Нужен один голос без музыки, {shortest}–{longest} с.",
        "No speech is heard in the recording. One voice without music is needed, {shortest}–{longest} s.",
    ),
    "recording-short": Problem(
        422,
        "Речи в записи {seconds} с без пауз, а нужно от {shortest} до {longest}. Наговорите ещё немного.",
        "The recording has {seconds} s of speech without pauses; {shortest} to {longest} are needed."
        " Say a little more.",
    ),
    "recording-long": Problem(
        422,
        "Речи в записи больше {longest} с. Оставьте лучшие {shortest}–{longest} с.",
        "The recording has more than {longest} s of speech. Keep the best {shortest}–{longest} s.",
    ),
    "recording-clipped": Problem(
        422,
        "Запись перегружена: срезано {percent} % звука. Говорите тише или отодвиньтесь от микрофона.",
        "The recording is overloaded: {percent} % of the sound is cut off. Speak more softly or move away"
        " from the microphone.",
    ),
    "recording-noisy": Problem(
        422,
        "Слишком шумно: голос громче шума на {decibels} дБ, а нужно хотя бы {needed}."
        " Запишите в тихой комнате, ближе к микрофону.",
        "It is too noisy: the voice is {decibels} dB above the noise, at least {needed} are needed."
        " Record in a quiet room, closer to the microphone.",
    ),
    "recording-quiet": Problem(
        422,
        "Слишком тихо: {loudness} LUFS, а нужно хотя бы {needed}. Говорите громче или ближе к микрофону.",
        "It is too quiet: {loudness} LUFS, at least {needed} are needed. Speak louder or closer to the"
        " microphone.",
    ),
    "bad-name": Problem(
        422,
        "Дайте имя из 1–{limit} видимых знаков.",
        "Give a name of 1 to {limit} visible characters.",
    ),
    "consent-missing": Problem(
        422,
        "Нужно согласие того, чей это голос: отметьте его (поле consent=true).",
        "The consent of whoever's voice it is is needed: tick it (the field consent=true).",
    ),
    "storage-failed": Problem(
        507,
        "Сервер не смог записать данные на диск. Сообщите тому, кто его ведёт.",
        "The server could not write to its disk. Tell whoever runs it.",
    ),
    "avatar-damaged": Problem(
        500,
        "Файлы этого аватара повреждены. Удалите его и добавьте заново или выберите другой.",
        "This avatar's files are damaged. Delete it and bring it again, or choose another.",
    ),
    "too-many-voices": Problem(
        507,
        "Уже сохранено {most} голосов, больше сервер не хранит. Удалите ненужные.",
        "There are {most} voices already, and no room for more. Delete some.",
    ),
    "engine-unavailable": Problem(
        503,
        "Движок {engine} здесь не работает ({message}). Выберите другой.",
        "The engine {engine} does not work here ({message}). Choose another.",
    ),
    "checkpoint-missing": Problem(
        503,
        "Для движка {engine} нет обученных весов. Получить их: {command}",
        "The engine {engine} has no trained weights. To get them: {command}",
    ),
    "avatar-not-learned": Problem(
        503,
        "Движок {engine} не учился рисовать этого аватара. Научить: {command}",
        "The engine {engine} has not learned this avatar. To teach it: {command}",
    ),
    "taught-by-visemes": Problem(
        503,
        "Движок {engine} учился здесь у visemes, а те рисуют лучше. Его можно выбрать самому.",
        "The engine {engine} learned from visemes here, and they draw better. You can choose it yourself.",
    ),
    "checkpoint-unreadable": Problem(
        503,
        "Файл весов повреждён: {path}. Получить целый: {command}",
        "The file of weights is damaged: {path}. To get a whole one: {command}",
    ),
    "checkpoint-foreign": Problem(
        503,
        "В файле {path} веса другой сети. Получить нужные: {command}",
        "{path} holds another network's weights. To get the right ones: {command}",
    ),
    "checkpoint-untrusted": Problem(
        503,
        "В файле {path} код, и файл неизвестен. Получить известный: {command}",
        "{path} holds code and is not a known file. To get a known one: {command}",
    ),
    "voice-unreadable": Problem(
        503,
        "Файл голоса повреждён: {path}. Проверить: .venv/bin/flask models verify. Или выберите другой голос.",
        "The voice's file is damaged: {path}. To check it: .venv/bin/flask models verify."
        " Or choose another voice.",
    ),
    "voice-foreign": Problem(
        503,
        "Файл {path} — не голос Piper. Уберите его из папки голосов или выберите другой голос.",
        "{path} is not a Piper voice. Take it out of the folder of voices, or choose another voice.",
    ),
    "voice-needs-package": Problem(
        503,
        "Голосу {path} нужен пакет {package}, которого здесь нет. Выберите другой голос.",
        "The voice {path} needs the package {package}, which is not here. Choose another voice.",
    ),
    "too-slow": Problem(
        503,
        "Движок {engine} здесь рисует {rate:.2g} кадров в секунду: мало для речи без пауз.",
        "The engine {engine} draws {rate:.2g} frames a second here: too few to speak without pauses.",
    ),
    "coqui-no-model": Problem(
        503,
        "Для движка coqui нет моделей. Получить, например: .venv/bin/flask models download mms_rus",
        "The engine coqui has no models. To get one, say: .venv/bin/flask models download mms_eng",
    ),
    "coqui-no-weights": Problem(
        503,
        "В папке модели Coqui «{folder}» нет весов. Положите туда файл .pth, как он есть: model.pth,"
        " model_file.pth, best_model.pth или с другим именем.",
        "The folder of the Coqui model “{folder}” has no weights. Put their .pth file there as it is:"
        " model.pth, model_file.pth, best_model.pth or by another name.",
    ),
    "coqui-incomplete": Problem(
        503,
        "В папке модели Coqui «{folder}» нет весов. Получить их: {command}",
        "The folder of the Coqui model “{folder}” has no weights. To get them: {command}",
    ),
    "coqui-no-vocoder": Problem(
        503,
        "В папке vocoder модели Coqui «{folder}» нет весов. Положите туда их файл .pth или удалите её.",
        "The folder vocoder of the Coqui model “{folder}” has no weights. Put their .pth file there,"
        " or delete it.",
    ),
    "coqui-no-language": Problem(
        503,
        "Непонятно, на каком языке говорит модель Coqui «{folder}». Начните имя её папки с языка:"
        " ru_{folder}",
        "Nothing tells which language the Coqui model “{folder}” speaks. Begin its folder's name with it:"
        " en_{folder}",
    ),
    "coqui-foreign": Problem(
        503,
        "В папке «{folder}» нет модели Coqui, которая умеет здесь говорить.",
        "The folder “{folder}” holds no Coqui model that can speak here.",
    ),
    "coqui-damaged": Problem(
        503,
        "Модель Coqui «{folder}» повреждена или собрана из чужих файлов. Проверить:"
        " .venv/bin/flask models verify",
        "The Coqui model “{folder}” is damaged, or made of another model's files. To check it:"
        " .venv/bin/flask models verify",
    ),
    "speaks-too-slowly": Problem(
        503,
        "Движок {engine} здесь тратит на секунду речи {pace} с: мало для речи без пауз.",
        "The engine {engine} takes {pace} s for a second of speech here: too long to speak without pauses.",
    ),
    "synthesis-failed": Problem(
        500,
        "Голос не смог произнести этот текст. Попробуйте другой голос.",
        "The voice could not speak this text. Try another voice.",
    ),
    "engine-hangs": Problem(
        503,
        "Движок {engine} не отвечает ({message}). Выберите другой голос или попробуйте позже.",
        "The engine {engine} does not answer ({message}). Choose another voice, or try again later.",
    ),
    "drawing-failed": Problem(
        500,
        "Движок {engine} не смог нарисовать губы. Попробуйте другой.",
        "The engine {engine} could not draw the lips. Try another.",
    ),
    "ffmpeg-missing": Problem(
        503,
        "Сервер не может запустить ffmpeg ({message}). Что не так, скажет .venv/bin/flask doctor.",
        "The server cannot start ffmpeg ({message}). What is wrong is told by .venv/bin/flask doctor.",
    ),
    "warming-up": Problem(
        503,
        "Сервер ещё готовится: загружает голоса и движки губ. Попробуйте через несколько секунд.",
        "The server is still getting ready: it loads voices and lip engines. Try again in a few seconds.",
    ),
    "cannot-speak": Problem(
        503,
        "Сервер сейчас не может говорить. {cause}",
        "The server cannot speak now. {cause}",
    ),
    "stopping": Problem(
        503,
        "Сервер останавливается или перезапускается. Попробуйте через несколько секунд.",
        "The server is stopping or starting anew. Try again in a few seconds.",
    ),
    "gone": Problem(503, "Соединение прервано.", "The connection is gone."),
    "busy": Problem(
        503,
        "Сервер занят. Попробуйте немного позже.",
        "The server is busy. Try again a little later.",
    ),
    "cluster-unreachable": Problem(
        503,
        "Кластер, который рисует видео, не отвечает. Попробуйте немного позже.",
        "The cluster that draws the videos does not answer. Try again a little later.",
    ),
    "cluster-starting": Problem(
        503,
        "Кластер, который рисует видео, ещё запускается. Попробуйте немного позже.",
        "The cluster that draws the videos is still starting. Try again a little later.",
    ),
    "films-waiting": Problem(
        503,
        "В очереди уже {waiting} видео. Попробуйте немного позже.",
        "{waiting} films are waiting already. Try again a little later.",
    ),
    "film-interrupted": Problem(
        500,
        "Сервер остановился, не закончив видео. Создайте его заново.",
        "The server stopped before the film was done. Please make it again.",
    ),
    "film-waiting": Problem(409, "Видео ещё в очереди.", "The film is still waiting for its turn."),
    "film-running": Problem(409, "Видео ещё создаётся.", "The film is still being made."),
    "film-failed": Problem(409, "Видео не получилось.", "The film failed."),
    "film-cancelled": Problem(409, "Создание видео отменено.", "The film was cancelled."),
    "not-ready": Problem(409, "Это ещё не готово.", "This is not ready yet."),
    "session-not-found": Problem(
        404,
        "Такого разговора нет: возможно, он закончен. Начните новый: POST /api/sessions.",
        "There is no such session: it may be over. Open another: POST /api/sessions.",
    ),
    "too-many-sessions": Problem(
        503,
        "Разговоров уже {most}, больше сервер не ведёт. Попробуйте позже.",
        "There are {most} sessions already. Try again later.",
    ),
    "no-such-chunk": Problem(
        422, "Части {index} в этом разговоре нет.", "There is no chunk {index} in this session."
    ),
    "job-not-found": Problem(
        404,
        "Такого задания нет: возможно, его срок хранения истёк. Создайте видео заново.",
        "There is no such job: its time may be over. Please make the film again.",
    ),
    "encode-failed": Problem(
        500,
        "Не удалось закодировать видео. Попробуйте ещё раз.",
        "The video could not be encoded. Please try again.",
    ),
    "broken-json": Problem(
        400,
        "Тело запроса не читается как JSON (UTF-8). Проверьте кавычки и запятые.",
        "The body cannot be read as JSON (UTF-8). Check quotes and commas.",
    ),
    "key-needed": Problem(
        401,
        "Нужен ключ: спросите его у того, кто ведёт этот сервер. Программы шлют его как"
        " Authorization: Bearer, браузер спросит его как пароль.",
        "A key is needed: ask whoever runs this server. Scripts send it as Authorization: Bearer,"
        " a browser asks for it as the password.",
    ),
    "too-many-requests": Problem(
        429,
        "С этим ключом слишком много запросов. Подождите минуту.",
        "There were too many requests with this key. Wait a minute.",
    ),
    "too-many-wrong-keys": Problem(
        429,
        "С этого адреса пришло слишком много неверных ключей. Подождите минуту и проверьте ключ.",
        "Too many wrong keys came from this address. Wait a minute, and check the key.",
    ),
    "foreign-host": Problem(
        421,
        "Этот сервер не отвечает под таким именем. Откройте его как localhost; если имя верное, его называет"
        " серверу настройка VOICEOVER_HOSTS.",
        "This server does not answer by that name. Open it as localhost; if the name is right, the setting"
        " VOICEOVER_HOSTS tells it to the server.",
    ),
    "foreign-page": Problem(
        403,
        "Менять что-либо здесь могут только страницы этого сервера и программы, но не другие сайты.",
        "Only this server's own pages, and scripts, may change anything here; other sites may not.",
    ),
    "http-404": Problem(404, "Такой страницы нет.", "There is no such page."),
    "http-405": Problem(
        405,
        "Этот адрес не принимает метод {method}. Описание: /docs.",
        "This address does not take the method {method}. See /docs.",
    ),
    "http-413": Problem(
        413,
        "Запрос слишком большой. Разбейте текст на части.",
        "The request is too large. Split the text.",
    ),
    "upload-too-large": Problem(
        413,
        "Файл слишком большой: можно не больше {limit} МБ.",
        "The file is too large: at most {limit} MB are taken.",
    ),
    "http-415": Problem(
        415,
        "Отправьте тело с заголовком Content-Type: {expected}.",
        "Send the body with the header Content-Type: {expected}.",
    ),
}

FIELD_FAULTS: Mapping[str, tuple[str, str]] = {
    "missing": ("нужно это поле", "this field is required"),
    "extra_forbidden": ("такого поля нет", "there is no such field"),
    "string_type": ("нужна строка", "must be a string"),
    "string_unicode": ("недопустимые символы Юникода", "invalid Unicode"),
    "string_too_short": ("не может быть пустым", "must not be empty"),
    "string_too_long": ("не больше {max_length} знаков", "at most {max_length} characters"),
    "int_type": ("нужно целое число", "must be a whole number"),
    "float_type": ("нужно число", "must be a number"),
    "finite_number": ("нужно конечное число", "must be a finite number"),
    "bool_type": ("true или false", "must be true or false"),
    "greater_than_equal": ("не меньше {ge}", "at least {ge}"),
    "less_than_equal": ("не больше {le}", "at most {le}"),
    "literal_error": ("одно из: {expected}", "one of: {expected}"),
    "list_type": ("нужен хотя бы один файл", "needs at least one file"),
    "model_type": ("нужен объект JSON", "must be a JSON object"),
}


class BadRequest(VoiceoverError):
    """A request that cannot be read; `code` names the entry of `PROBLEMS`."""

    def __init__(self, code: str, **details: object) -> None:
        super().__init__(code, **details)
        self.code = code


def register(app: Flask) -> None:
    """Make every error of the app answer as problem+json."""
    app.register_error_handler(VoiceoverError, _from_ours)
    app.register_error_handler(HTTPError, _from_apiflask)
    app.register_error_handler(HTTPException, _from_http)
    app.register_error_handler(RecursionError, _from_deep_json)
    app.register_error_handler(Exception, _from_bug)


def sentence(error: VoiceoverError) -> str:
    """Say what went wrong and what to do, in the language of the request."""
    _, problem, details = _known(error)
    return _in_words(problem, details)


def data_url(error: VoiceoverError | None) -> str | None:
    """Return the picture of what was found that an error carries, if it does."""
    found = error.details.get("found") if error else None
    return f"data:image/jpeg;base64,{base64.b64encode(found).decode()}" if isinstance(found, bytes) else None


def cure(error: VoiceoverError) -> str:
    """Return the command that brings what is missing, or "" where none does."""
    if error.details.get("reason") == "avatar-not-learned":
        return training_command(str(error.details["avatar"]))
    model = error.details.get("model")
    return download_command(str(model)) if model else ""


def _known(error: VoiceoverError) -> tuple[str, Problem, dict[str, object]]:
    """The entry of `PROBLEMS` that fits best, and the details for its template."""
    details = error.details | {"message": str(error), "command": cure(error)}
    if isinstance(choices := details.get("choices"), list):
        details["choices"] = ", ".join(map(str, choices[:CHOICES_SHOWN]))
    if isinstance(cause := details.get("cause"), VoiceoverError):
        details["cause"] = sentence(cause)
    for name in (details.get("reason"), f"{details.get('kind')}-{error.code}", error.code):
        if isinstance(name, str) and name in PROBLEMS:
            return name, PROBLEMS[name], details
    return "internal", PROBLEMS["internal"], details


def answer_to(error: VoiceoverError) -> Response:
    """Return the answer that tells an error; the log is left to the caller."""
    name, problem, details = _known(error)
    # A name in the path is an address that leads nowhere; in the body it is a wrong value.
    in_path = error.code == "not-found" and details["name"] in (request.view_args or {}).values()
    status = 404 if in_path else problem.status
    if picture := data_url(error):
        return _answer(status, name, problem, details, found=picture)
    return _answer(status, name, problem, details)


def _from_ours(error: VoiceoverError) -> Response:
    _, problem, _ = _known(error)
    if problem.status >= 500 and not isinstance(error, Gone):
        log.error("%s: %s", error.code, error, exc_info=problem.status == 500)
    return answer_to(error)


def _from_apiflask(error: HTTPError) -> Response:
    """APIFlask tells only its own rendering of what pydantic found: the cause tells all."""
    if isinstance(error.__cause__, ValidationError):
        return _from_validation(error.__cause__)
    return _from_bug(error)


def _from_validation(error: ValidationError) -> Response:
    language = 0 if tongue() == "ru" else 1
    faults = []
    for fault in error.errors(include_url=False, include_input=False):
        sentence = FIELD_FAULTS.get(fault["type"], (fault["msg"], fault["msg"]))[language]
        field = ".".join(map(str, fault["loc"]))
        faults.append(
            {"pointer": "#/" + field.replace(".", "/"), "detail": sentence.format(**fault.get("ctx", {}))}
        )
    told = "; ".join(f"{f['pointer'][2:] or 'JSON'}: {f['detail']}" for f in faults)
    return _answer(422, "invalid-fields", PROBLEMS["invalid-fields"], {"fields": told}, errors=faults)


def _from_http(error: HTTPException) -> WerkzeugResponse:
    status = error.code or 500
    if status < 400:  # a redirect raised by the router
        return error.get_response(request.environ)
    name = "broken-json" if status == 400 and request.is_json else f"http-{status}"
    if status == 413 and request.mimetype == "multipart/form-data":
        name = "upload-too-large"
    problem = PROBLEMS.get(name) or Problem(
        status, error.description or error.name, error.description or error.name
    )
    facts = {
        "method": request.method,
        "expected": g.get("expected_type", ""),
        "limit": (request.max_content_length or 0) // 2**20,
    }
    answer = _answer(status, name, problem, facts)
    for header, value in error.get_headers():
        if header in ("Allow", "Retry-After"):
            answer.headers[header] = value
    return answer


def _from_deep_json(_: RecursionError) -> Response:
    return _answer(400, "broken-json", PROBLEMS["broken-json"], {})


def _from_bug(error: Exception) -> Response:
    log.error("a bug", exc_info=error)
    return _answer(500, "internal", PROBLEMS["internal"], {})


def _answer(
    status: int, name: str, problem: Problem, details: Mapping[str, object], **members: object
) -> Response:
    g.problem = name  # for whoever counts
    body = {
        "type": "about:blank",
        "title": HTTPStatus(status).phrase,
        "status": status,
        "detail": _in_words(problem, details),
        "code": name,
        "request_id": g.request_id,
    }
    answer = Response(
        json.dumps(body | members, ensure_ascii=False), status, mimetype="application/problem+json"
    )
    answer.headers["Content-Language"] = tongue()
    if status == 401:
        answer.headers["WWW-Authenticate"] = 'Basic realm="Voiceover", charset="UTF-8"'
    if status in (429, 503):
        answer.headers["Retry-After"] = str(details.get("retry_after", 5))
    return answer


def _in_words(problem: Problem, details: Mapping[str, object]) -> str:
    return (problem.ru if tongue() == "ru" else problem.en).format_map(details)
